import { describe, expect, it } from "vitest";
import { callAt, callAtWords } from "./callAt";

const zone = "Europe/London";
const hours = { start_time: "08:00", end_time: "20:00", weekend_calling: false, holiday_calling: false };
// A Monday.
const now = new Date("2026-11-16T10:00:00Z");
const asked = { hoursBefore: 24, zone, hours, noticeHours: 2, holiday: (date: string): boolean => date === "2026-12-25", preferred: false, now };
const words = (appointment: string, more: Partial<typeof asked> = {}) => {
  const found = callAt({ ...asked, ...more, appointment: new Date(appointment) });
  return found && callAtWords(found, zone, more.now ?? now);
};

describe("when Vio would call", () => {
  it("is the hours before, to the minute, where calls are allowed then", () => {
    expect(words("2026-11-20T18:10:00Z")).toBe("Thu 19 Nov, 6:10pm");
    expect(words("2026-11-20T18:10:00Z", { preferred: true })).toBe("about Thu 19 Nov, 6:10pm");
  });

  it("is about the next allowed hour where they are not", () => {
    expect(words("2026-11-20T06:30:00Z", { hoursBefore: 9 })).toBe("about Thu 19 Nov, 7pm");
    // A Monday: on Sunday nobody is called, and before eight there is too little time.
    expect(words("2026-11-23T15:00:00Z")).toBe("about Mon 23 Nov, 8am");
    expect(words("2026-11-23T09:00:00Z")).toBe("about Fri 20 Nov, 7pm");
    expect(words("2026-11-23T15:00:00Z", { hours: { ...hours, weekend_calling: true } })).toBe("Sun 22 Nov, 3pm");
    expect(words("2026-11-20T18:10:00Z", { holiday: (date) => date === "2026-11-19" })).toBe("about Fri 20 Nov, 8am");
  });

  it("leaves somebody in peace right after booking", () => {
    expect(words("2026-11-16T18:00:00Z")).toBe("about today midday");
    expect(words("2026-11-16T13:00:00Z")).toBe("about today 11:30am");
  });

  it("is never, where no time is left", () => {
    expect(words("2026-11-16T10:20:00Z")).toBeNull();
    expect(words("2026-11-16T09:00:00Z")).toBeNull();
    expect(words("2026-11-22T09:00:00Z", { now: new Date("2026-11-21T10:00:00Z") })).toBeNull();
  });

  it("goes by the clock of the wall when the clocks change", () => {
    expect(words("2027-03-29T11:00:00Z", { hours: { ...hours, weekend_calling: true }, hoursBefore: 26 })).toBe("Sun 28 Mar 2027, 10am");
  });
});
