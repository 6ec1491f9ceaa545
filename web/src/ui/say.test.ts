import { afterEach, beforeEach, expect, it, vi } from "vitest";

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetModules();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What the region holds, as often as it changes. */
async function heard() {
  const module = await import("./say");
  const texts: string[] = [];
  module.onSaid(() => texts.push(module.saidNow()));
  return { ...module, texts };
}

it("says the first at once, and what comes within five seconds together", async () => {
  const { say, texts, APART } = await heard();
  say("Saved.");
  vi.advanceTimersByTime(0);
  expect(texts).toEqual(["Saved."]);
  vi.advanceTimersByTime(1_000);
  say("3 selected", "selection");
  say("4 selected", "selection");
  say("Note added.");
  vi.advanceTimersByTime(APART - 1_001);
  // It was taken out meanwhile, so that the same again would be told.
  expect(texts).toEqual(["Saved.", ""]);
  vi.advanceTimersByTime(1);
  expect(texts).toEqual(["Saved.", "", "4 selected Note added."]);
});

it("says the same again, and nothing that was left", async () => {
  const { say, forgetSaid, texts, APART } = await heard();
  say("Saved.");
  vi.advanceTimersByTime(APART);
  say("Saved.");
  vi.advanceTimersByTime(0);
  expect(texts).toEqual(["Saved.", "", "Saved."]);
  say("Ngozi: confirmed.");
  forgetSaid();
  vi.advanceTimersByTime(2 * APART);
  expect(texts.join()).not.toContain("Ngozi");
});
