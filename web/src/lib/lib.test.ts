import { describe, expect, it } from "vitest";
import { hiddenPhone, phonePart, phoneText, writeNumbersFrom } from "./phone";
import { ago, clock, clockOf, clockWithin, dateKey, day, dayAndTime, dayAndTimeWithin, distance, duration, endAbout, exact, hourName, instantOf, since, skipped, stopwatch, timeWithin, writeTimes } from "./time";
import { count, hiddenName, initials, joined, money, nounsOf } from "./words";

const London = "Europe/London";
const now = new Date("2026-11-20T08:04:00Z");

describe("times", () => {
  it("reads as people say it", () => {
    expect(clock(new Date("2026-11-23T09:30:00Z"), London)).toBe("9:30am");
    expect(clock(new Date("2026-11-23T00:00:00Z"), London)).toBe("12:00am");
    expect(clock(new Date("2026-11-23T12:00:00Z"), London, true)).toBe("12pm");
    expect(clockOf("20:00")).toBe("8pm");
    expect(clockOf("08:30")).toBe("8:30am");
    expect(day(new Date("2026-11-23T09:30:00Z"), London, now)).toBe("Mon 23 Nov");
    expect(day(new Date("2027-01-04T09:30:00Z"), London, now)).toBe("Mon 4 Jan 2027");
    expect(dayAndTime(new Date("2026-11-20T20:06:00Z"), London, now)).toBe("Today 8:06pm");
    expect(dayAndTime(new Date("2026-11-19T20:06:00Z"), London, now)).toBe("Yesterday 8:06pm");
    expect(dayAndTime(new Date("2026-11-21T08:06:00Z"), London, now)).toBe("Tomorrow 8:06am");
    expect(dayAndTimeWithin(new Date("2026-11-21T08:06:00Z"), London, now)).toBe("tomorrow 8:06am");
    expect(dayAndTimeWithin(new Date("2026-11-24T08:06:00Z"), London, now)).toBe(dayAndTime(new Date("2026-11-24T08:06:00Z"), London, now));
  });

  it("leaves today out where it goes without saying", () => {
    expect(timeWithin(new Date("2026-11-20T09:16:00Z"), London, now)).toBe("9:16am");
    expect(timeWithin(new Date("2026-11-21T09:00:00Z"), London, now)).toBe("tomorrow 9am");
  });

  it("says the hour as prose does, within a sentence alone", () => {
    const within = (at: string) => dayAndTimeWithin(new Date(at), London, now);
    expect(within("2026-11-24T09:00:00Z")).toBe("Tue 24 Nov, 9am");
    expect(within("2026-11-20T12:00:00Z")).toBe("today midday");
    expect(within("2026-11-21T00:00:00Z")).toBe("tomorrow midnight");
    expect(within("2026-11-21T00:30:00Z")).toBe("tomorrow 12:30am");
    expect(clockWithin(new Date("2026-07-01T11:00:00Z"), London)).toBe("midday");
    expect(dayAndTime(new Date("2026-11-24T09:00:00Z"), London, now)).toBe("Tue 24 Nov, 9:00am");
    expect(dayAndTime(new Date("2026-11-20T12:00:00Z"), London, now)).toBe("Today 12:00pm");
  });

  it("says an end until a minute before it", () => {
    expect(endAbout("ends", new Date("2026-11-20T08:05:00Z"), London, now)).toBe("ends about 8:05am");
    expect(endAbout("done", new Date("2026-11-20T08:04:59Z"), London, now)).toBe("finishing");
    // The estimate is over, and the last call is not.
    expect(endAbout("ends", new Date("2026-11-20T08:03:00Z"), London, now)).toBe("finishing");
  });

  it("tells an instant exactly, with its zone", () => {
    expect(exact(new Date("2026-11-23T09:30:05Z"), London)).toBe("Mon 23 Nov 2026, 9:30:05am GMT (London)");
    expect(exact(new Date("2026-07-01T09:30:00Z"), London)).toBe("Wed 1 Jul 2026, 10:30:00am BST (London)");
  });

  it("writes them by the 24 hour clock for whoever wants it", () => {
    const at = new Date("2026-11-23T15:05:09Z");
    const midday = new Date("2026-11-23T12:00:00Z");
    writeTimes(true);
    try {
      expect([clock(at, "Europe/London"), clock(midday, "Europe/London", true), clockWithin(midday, "Europe/London"), clockOf("08:00"), hourName(9)]).toEqual(["15:05", "12:00", "12:00", "08:00", "09"]);
      expect(exact(at, "Europe/London")).toBe("Mon 23 Nov 2026, 15:05:09 GMT (London)");
    } finally {
      writeTimes(false);
    }
    expect([clock(at, "Europe/London"), hourName(0), hourName(16)]).toEqual(["3:05pm", "12am", "4pm"]);
  });

  it("takes the day of the zone, not of this machine", () => {
    expect(dateKey(new Date("2026-07-01T23:30:00Z"), London)).toBe("2026-07-02");
    expect(dateKey(new Date("2026-07-01T23:30:00Z"), "America/Toronto")).toBe("2026-07-01");
  });

  it("says how long ago", () => {
    expect(ago(new Date("2026-11-20T07:50:00Z"), London, now)).toBe("14 min ago");
    expect(ago(new Date("2026-11-20T07:03:59Z"), London, now)).toBe("7:03am");
    expect(ago(new Date("2026-11-19T16:10:00Z"), London, now)).toBe("Yesterday 4:10pm");
    expect(ago(new Date("2026-11-16T16:10:00Z"), London, now)).toBe("Mon 16 Nov");
    expect(since(new Date(now.getTime() - 20_000), London, now)).toBe("Just now");
    expect(since(new Date("2026-11-20T07:50:00Z"), London, now)).toBe("14 min ago");
    expect(since(new Date("2026-11-19T16:10:00Z"), London, now)).toBe("Since yesterday 4:10pm");
    expect(distance(new Date("2026-11-20T08:30:00Z"), now)).toBe("in 26 minutes");
    expect(distance(new Date("2026-11-23T08:30:00Z"), now)).toBe("in 3 days");
  });

  it("finds the instant of a wall-clock time, the first of two", () => {
    expect(instantOf("2026-11-23", "09:30", London).toISOString()).toBe("2026-11-23T09:30:00.000Z");
    expect(instantOf("2026-07-01", "09:30", London).toISOString()).toBe("2026-07-01T08:30:00.000Z");
    expect(instantOf("2027-10-31", "01:30", London).toISOString()).toBe("2027-10-31T00:30:00.000Z");
    expect(instantOf("2027-03-28", "00:30", London).toISOString()).toBe("2027-03-28T00:30:00.000Z");
    expect(instantOf("2027-03-28", "02:30", London).toISOString()).toBe("2027-03-28T01:30:00.000Z");
    expect(instantOf("2027-03-28", "01:30", London).toISOString()).toBe("2027-03-28T01:30:00.000Z");
    expect([skipped("2027-03-28", "01:30", London), skipped("2027-03-28", "02:00", London), skipped("2027-10-31", "01:30", London)]).toEqual([true, false, false]);
    expect(instantOf("2027-03-14", "02:30", "America/New_York").toISOString()).toBe("2027-03-14T07:30:00.000Z");
    expect(instantOf("2027-11-07", "01:30", "America/New_York").toISOString()).toBe("2027-11-07T05:30:00.000Z");
  });

  it("counts a call", () => {
    expect(stopwatch(42_900)).toBe("0:42");
    expect(stopwatch(605_000)).toBe("10:05");
    expect(duration(63)).toBe("1 min 3 s");
    expect(duration(1)).toBe("1 second");
  });
});

describe("phones", () => {
  it("are grouped nationally, others internationally", () => {
    expect(phoneText("+447700900412")).toBe("07700 900412");
    expect(phoneText("+442079460201")).toBe("020 7946 0201");
    expect(phoneText("+441632960123")).toBe("01632 960123");
    expect(phoneText("+441514960123")).toBe("0151 496 0123");
    expect(phoneText("+33612345678")).toBe("+33 612 345 678");
    expect(phoneText(null)).toBe("No phone");
    expect(hiddenPhone("+447700900412")).toBe("07… …412");
    // Elsewhere such a number would be read as one of that country.
    writeNumbersFrom("US");
    expect(phoneText("+447700900412")).toBe("+44 770 090 041 2");
    writeNumbersFrom("GB");
  });

  it("say which part of them was searched for", () => {
    const part = (e164: string, start: number, end: number) => {
      const found = phonePart(e164, { start, end });
      return found && phoneText(e164).slice(found.start, found.end);
    };
    expect(part("+441134960000", 3, 9)).toBe("113 496");
    expect(part("+441134960001", 3, 13)).toBe("113 496 0001");
    expect(part("+441134960000", 0, 6)).toBe("0113");
    expect(part("+33612345678", 0, 6)).toBe("33 612");
    expect(part("+441134960000", 0, 2)).toBeNull();
  });
});

describe("words", () => {
  it("follows the industry and the number", () => {
    expect(nounsOf("medical").Many).toBe("Patients");
    expect(nounsOf("general").one).toBe("contact");
    expect(count(1, "person", "people")).toBe("1 person");
    expect(count(100482, "patient")).toBe("100,482 patients");
    expect(joined(["a", "b", "c"])).toBe("a, b and c");
    expect(initials("Eleanor Whitcombe")).toBe("EW");
    expect(initials("Ann Mary Lee")).toBe("AL");
    expect(hiddenName("Ngozi Okafor")).toBe("Ngozi O.");
    expect(money(9, "GBP")).toBe("9p");
    expect(money(1062, "GBP")).toBe("£10.62");
  });
});
