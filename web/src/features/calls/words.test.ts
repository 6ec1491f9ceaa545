import { describe, expect, it } from "vitest";
import { Refusal } from "@/api/problem";
import { refusalCopy } from "./refusals";
import { callWord, endWords, localTime } from "./words";

const now = new Date("2026-11-20T09:00:00Z");
const call = (more: object) => ({ status: "planned", due_at: "2026-11-20T10:00:00Z", ...more });

describe("a call in one word", () => {
  it.each([
    [call({}), "Planned"],
    [call({ due_at: "2026-11-20T08:00:00Z" }), "In line"],
    [call({ status: "placing" }), "Starting"],
    [call({ status: "initiated" }), "Starting"],
    [call({ status: "ringing" }), "Ringing"],
    [call({ status: "answered" }), "Talking"],
    [call({ status: "completed", outcome: "answered", appointment_action: "confirmed" }), "Confirmed"],
    [call({ status: "completed", outcome: "answered", appointment_action: "rescheduled" }), "Wants to move"],
    [call({ status: "completed", outcome: "answered", appointment_action: "no_action" }), "Answered"],
    [call({ status: "completed", outcome: "voicemail" }), "Voicemail"],
    [call({ status: "failed", outcome: "failed" }), "Failed"],
    [call({ status: "failed" }), "Failed"],
    [call({ status: "cancelled" }), "Not called"],
    [call({ status: "unknown" }), "Result unknown"],
  ])("%o is %s", (session, word) => {
    expect(callWord(session, now).word).toBe(word);
  });
});

it("says why a call failed in words, also of reasons that are new", () => {
  expect(["invalid_destination", "error_retell", "something_new"].map(endWords)).toEqual(["the number cannot be called", "it broke for technical reasons", "something new"]);
});

it("says the time where somebody is as people say it", () => {
  expect(localTime("local time Mon 23:00 GMT")).toBe("11pm on Mon (GMT)");
  expect(localTime("local time 10:30 Europe/London")).toBe("10:30am (Europe/London)");
  expect(localTime("3 of 3 attempts")).toBe("3 of 3 attempts");
});

describe("a refused call", () => {
  const refusal = (slug: string, more: object = {}) => new Refusal({ type: `https://vioconcierge.dev/problems/${slug}`, title: "T", status: 409, detail: "D", ...more });

  it.each(["called-recently", "outside-call-hours", "call-limit-reached", "daily-call-limit-reached", "calling-paused", "consent-required", "do-not-contact", "do-not-call", "attempts-exhausted", "number-limit", "call-in-progress", "calling-not-configured", "no-phone", "number-not-callable", "not-callable", "forbidden", "offline", "something-new"])(
    "%s has a title and something to do",
    (slug) => {
      const copy = refusalCopy(refusal(slug), "Liam", "Europe/London");
      expect(copy.title).not.toBe("");
      expect(copy.remedies.length).toBeGreaterThan(0);
    },
  );

  it("says why calling stopped by itself, and leads to what is to be seen to", () => {
    const remedies = (reason: string) => refusalCopy(refusal("calling-paused", { reason }), "Liam", "Europe/London").remedies;
    expect(remedies("person")).toEqual(["resume", "ring"]);
    expect(remedies("credentials_refused")).toEqual(["integrations", "resume", "ring"]);
    expect(remedies("technical_failures")).toEqual(["history", "resume", "ring"]);
  });

  it("offers the line only where waiting helps", () => {
    expect(refusalCopy(refusal("call-limit-reached"), "Liam", "Europe/London").remedies).toContain("wait");
    expect(refusalCopy(refusal("consent-required"), "Liam", "Europe/London").remedies).not.toContain("wait");
  });
});
