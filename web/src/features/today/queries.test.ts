import { expect, it } from "vitest";
import { lastClosing, nextWorkingDay, type Business } from "./queries";

const open = { open: "09:00", close: "17:00", closed: false };
const closed = { ...open, closed: true };
const business = {
  business_hours: {
    operating_schedule: { monday: open, tuesday: open, wednesday: open, thursday: open, friday: open, saturday: { ...open, close: "15:00" }, sunday: closed },
    holiday_calendar: { uk_bank_holidays: true, division: "england-and-wales", custom_holidays: ["2026-11-23"], bank_holidays: [{ date: "2026-12-25", title: "Christmas Day" }] },
    call_hours: { start_time: "08:00", end_time: "20:00", weekend_calling: false, holiday_calling: false },
  },
} as unknown as Business;

it("finds the next day that is open and no holiday of the business", () => {
  expect(nextWorkingDay("2026-11-20", business)).toBe("2026-11-21");
  expect(nextWorkingDay("2026-11-21", business)).toBe("2026-11-24");
});

it("takes bank holidays for closed where the business keeps them", () => {
  expect(nextWorkingDay("2026-12-24", business)).toBe("2026-12-26");
  expect(lastClosing("2026-12-26", business)).toEqual({ date: "2026-12-24", time: "17:00" });
  const hours = business.business_hours;
  const open = { ...business, business_hours: { ...hours, holiday_calendar: { ...hours.holiday_calendar, uk_bank_holidays: false } } };
  expect(nextWorkingDay("2026-12-24", open)).toBe("2026-12-25");
});

it("skips weekends where no schedule is known", () => {
  expect(nextWorkingDay("2026-11-20", undefined)).toBe("2026-11-23");
});

it("finds when the business closed last", () => {
  expect(lastClosing("2026-11-23", business)).toEqual({ date: "2026-11-21", time: "15:00" });
  expect(lastClosing("2026-11-20", business)).toEqual({ date: "2026-11-19", time: "17:00" });
});
