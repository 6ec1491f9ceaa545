import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Refusal } from "@/api/problem";
import type { Limits } from "./queries";
import { refusalCopy, type Known } from "./refusals";
import { callWord, endWords, localTime, withdrawnWords } from "./words";

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

  const seen = (guard: string, saw: string) => ({ decision: [{ guard: "tenant_active", passed: true, saw: "active" }, { guard, passed: false, saw }] });
  const text = ({ title, line }: { title: string; line: ReactNode }) => [title, renderToStaticMarkup(line).replaceAll("’", "'")];
  const copy = (slug: string, more: object = {}, known: Known = {}) => refusalCopy(refusal(slug, more), "Liam", "Europe/London", known);
  const say = (...of: Parameters<typeof copy>) => text(copy(...of));
  beforeAll(() => {
    vi.useFakeTimers({ now: new Date("2026-11-23T20:12:00Z") });
  });
  afterAll(() => void vi.useRealTimers());

  it("of somebody who withdrew says so, and since when; ringing comes first", () => {
    const known = { consent: { state: "withdrawn", withdrawn_at: "2026-10-03T10:00:00Z" } };
    expect(say("consent-required", {}, known)).toEqual(["Not called: consent was withdrawn", "On 3 Oct 2026. Liam does not want to be called by Vio."]);
    expect(copy("consent-required", {}, known).remedies).toEqual(["ring", "agreed"]);
    expect(say("consent-required", {}, { consent: { state: "withdrawn" } })[1]).toBe("Liam does not want to be called by Vio.");
    expect(copy("consent-required", {}, { consent: { state: "not_recorded" } }).remedies).toEqual(["consent", "ring"]);
    expect(withdrawnWords("2026-10-03T10:00:00Z", "Europe/London")).toBe("Required, withdrawn on 3 Oct 2026");
  });

  const settings = (at: object = {}) => ({
    call_hours: { start_time: "08:00", end_time: "20:00", weekend_calling: false, holiday_calling: false, ...at },
    holiday_calendar: { uk_bank_holidays: true, division: "england-and-wales", custom_holidays: ["2026-11-24"], bank_holidays: [{ date: "2026-12-25", title: "Christmas Day" }] },
  });
  const hours = (saw: string, next: string, theirZone = "Europe/London", at: object = {}) => say("outside-call-hours", { ...seen("permitted_hours", `local time ${saw}`), next_allowed_at: next }, { theirZone, settings: settings(at) });

  it("names what keeps a call from being made now: the hour, their clock, a holiday, a closed day, the weekend", () => {
    expect(hours("Mon 20:12 GMT", "2026-11-24T08:00:00Z")).toEqual(["Not called: outside your calling hours", "It is 8:12pm in London. Calls are allowed 8am to 8pm, again from tomorrow 8am."]);
    expect(hours("Tue 05:12 JST", "2026-11-23T23:00:00Z", "Asia/Tokyo", { holiday_calling: true })).toEqual(["Not called: it is 5:12am for Liam", "Their clock is that of Tokyo. Calls are allowed 8am to 8pm there. Allowed from today 11pm, your time."]);
    // The record's zone is not the one that was looked at: only what was seen is said.
    expect(hours("Mon 15:12 EST", "2026-11-24T13:00:00Z")).toEqual(["Not called: outside your calling hours", "It is 3:12pm on Mon (EST) for Liam. Calls are allowed 8am to 8pm, again from tomorrow 1pm."]);
    vi.setSystemTime(new Date("2026-11-24T11:00:00Z"));
    expect(hours("Tue 11:00 GMT", "2026-11-25T08:00:00Z")).toEqual(["Not called: today is one of your closed days", "Your settings do not allow calls on holidays. Calls are allowed again tomorrow 8am."]);
    vi.setSystemTime(new Date("2026-12-25T11:00:00Z"));
    expect(hours("Fri 11:00 GMT", "2026-12-28T08:00:00Z")).toEqual(["Not called: today is a bank holiday", "Christmas Day. Your settings do not allow calls on holidays. Calls are allowed again Mon 28 Dec, 8am."]);
    vi.setSystemTime(new Date("2026-11-21T11:00:00Z"));
    expect(hours("Sat 11:00 GMT", "2026-11-23T08:00:00Z")).toEqual(["Not called: today is Saturday", "Your settings do not allow calls at weekends. Calls are allowed again Mon 23 Nov, 8am."]);
    vi.setSystemTime(new Date("2026-11-23T20:12:00Z"));
  });

  it("says the numbers that the checks saw", () => {
    expect(say("called-recently", { ...seen("gap", "last attempt 2026-11-23T19:01:00Z"), next_allowed_at: "2026-11-24T03:01:00Z" }, { planned: "2026-11-24T09:10:00Z" })[1]).toBe(
      "Vio called Liam today 7:01pm. Calls you start yourself must be 8 hours apart: again from tomorrow 3:01am. Vio's own call stays planned for tomorrow 9:10am.",
    );
    expect(say("daily-call-limit-reached", seen("slots", "3 of 25 slots, 300 of 300 today; daily limit reached"))[1]).toBe("300 of 300 used. The count starts again at midnight.");
    expect(say("call-limit-reached", { ...seen("slots", "25 of 25 slots, 40 of 300 today; window full"), next_allowed_at: "2026-11-23T20:16:00Z" })[1]).toBe("25 of 25 used. The next call is free about today 8:16pm. Liam can be first in line.");
    expect(say("attempts-exhausted", seen("attempts_cap", "3 of 3 attempts"))).toEqual(["Not called: all 3 tries are used", "3 tries were made for this appointment."]);
    expect(say("number-limit", { ...seen("attempts_per_number", "4 attempts in 24 h"), next_allowed_at: "2026-11-24T18:14:00Z" })).toEqual(["Not called: 4 calls to this number in a day", "Nobody here can add another call before tomorrow 6:14pm."]);
  });

  it("says who paused calling, since when, and how many calls wait for it", () => {
    const limits = (reason: string, more: object = {}) => ({ paused: { reason, by: "u1", since: "2026-11-23T10:05:00Z" }, waiting: { due: 14, call_now: 0, planned_today: 20 }, automatic_pause: { failures: 10, of_latest: 20, pauses_at: 10, within_seconds: 3600 }, ...more }) as Limits;
    const paused = (reason: string, more: object = {}) => say("calling-paused", { reason }, { limits: limits(reason, more), colleague: (id) => (id === "u1" ? "Priya Shah" : undefined) });
    expect(paused("person")).toEqual(["Calling is paused", "Priya Shah paused it at 10:05am. 14 calls are due now and wait."]);
    expect(paused("payment_needed")).toEqual(["Calling is paused: the phone provider refused payment", "Nobody is called until this is settled. Paused at 10:05am. 14 calls are due now and wait."]);
    expect(paused("technical_failures")).toEqual(["Calling paused itself", "10 of the last 20 calls failed for technical reasons. Paused at 10:05am. 14 calls are due now and wait."]);
    expect(say("calling-paused", { reason: "person" })[1]).toBe("Somebody on your team paused it. Nobody is called until calling is resumed.");
  });

  it("says who shares a number that is on a call, and counts down until one may try again", () => {
    expect(say("call-in-progress", {}, { sharing: ["Arthur Whitcombe"], onCall: "Arthur Whitcombe" })[1]).toBe("Arthur Whitcombe shares it.");
    expect(say("call-in-progress")[1]).toBe("Somebody at this number is being called right now.");
    expect(say("rate-limited", { retry_after: 60 }, { left: 40 })[0]).toBe("Too many requests: try again in 40 seconds");
    expect(say("rate-limited", { retry_after: 60 }, { left: 0 })[0]).toBe("Too many requests");
    expect(copy("unavailable", { status: 503 }).remedies).toEqual(["again", "ring"]);
  });

  it("offers the line only where waiting helps", () => {
    expect(refusalCopy(refusal("call-limit-reached"), "Liam", "Europe/London").remedies).toContain("wait");
    expect(refusalCopy(refusal("consent-required"), "Liam", "Europe/London").remedies).not.toContain("wait");
  });
});
