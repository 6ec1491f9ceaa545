import { describe, expect, it } from "vitest";
import { PLAIN, faultsFrom, faultsOf, paceOf, requestOf, wrongBefore } from "./options";

const instant = (date: string, time: string) => `${date}T${time}:00Z`;
const never = () => false;

describe("the request of a campaign", () => {
  it("names what its timing takes and nothing else", () => {
    expect(requestOf(PLAIN, instant, true)).toEqual({ call_timing: "immediate", dry_run: true, priority_level: "normal" });
    expect(requestOf({ ...PLAIN, pace: "spread", stagger: "30" }, instant, false)).toEqual({ call_timing: "staggered", dry_run: false, priority_level: "normal", stagger_duration_minutes: 30 });
    expect(requestOf({ ...PLAIN, start: "time", date: "2026-11-24", time: "08:00", pace: "every", every: "10", hours: "48" }, instant, false)).toEqual({
      call_timing: "scheduled",
      dry_run: false,
      priority_level: "normal",
      scheduled_datetime: "2026-11-24T08:00:00Z",
      call_interval_minutes: 10,
      override_call_timing: true,
      custom_hours_before: 48,
    });
    expect(requestOf({ ...PLAIN, words: " Mind the step. ", replace: true }, instant, true)).toMatchObject({ custom_message_addition: "Mind the step.", replace_message: true });
  });

  it("spreads nothing that begins at a time, which the API does not take", () => {
    const both = { ...PLAIN, start: "time" as const, date: "2026-11-24", time: "08:00", pace: "spread" as const };
    expect(paceOf(both)).toBe("fast");
    expect(requestOf(both, instant, true)).not.toHaveProperty("stagger_duration_minutes");
  });
});

describe("what is wrong", () => {
  it("is found where it is, and is no obstacle on the way back", () => {
    const faults = faultsOf({ ...PLAIN, start: "time" }, never);
    expect(faults).toEqual({ date: "Say on which day.", time: "Say at what time." });
    expect(wrongBefore(faults, "check")).toBe("when");
    expect(wrongBefore(faults, "words")).toBe("when");
    expect(wrongBefore(faults, "who")).toBeUndefined();
    expect(wrongBefore(faultsOf({ ...PLAIN, words: "a".repeat(201) }, never), "check")).toBe("words");
    expect(wrongBefore(faultsOf(PLAIN, never), "check")).toBeUndefined();
  });

  it("is only what is asked for", () => {
    expect(faultsOf({ ...PLAIN, every: "" }, never)).toEqual({});
    expect(faultsOf({ ...PLAIN, pace: "every", every: "0" }, never)).toHaveProperty("every");
    expect(faultsOf({ ...PLAIN, hours: "169" }, never)).toHaveProperty("hours");
    expect(faultsOf({ ...PLAIN, start: "time", date: "2020-01-01", time: "08:00" }, () => true)).toEqual({ time: "This time has passed." });
  });

  it("is told by the API under names of its own", () => {
    expect(faultsFrom({ scheduled_datetime: "This time has passed.", contact_ids: "At most 100." })).toEqual({ time: "This time has passed." });
  });
});
