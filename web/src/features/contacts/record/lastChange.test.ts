import { expect, it } from "vitest";
import { changeOf, whenWords } from "./lastChange";

const entry = (action: string, fields: string[], id: string) => ({ action, fields, at: "2026-11-23T09:00:00Z", by: { kind: "user", user_id: id } });

it("means the change of the fields that clash, not whatever happened last", () => {
  const entries = [entry("contact.planned_anew", [], "vio"), entry("contact.updated", ["company_name"], "priya"), entry("contact.updated", ["appointment_time"], "jo")];
  expect(changeOf(entries, ["notes", "time"])?.by.user_id).toBe("jo");
  expect(changeOf(entries, ["notes"])?.by.user_id).toBe("priya");
  expect(changeOf(entries.slice(0, 1), ["notes"])).toBeUndefined();
});

it("says when as a sentence does", () => {
  const now = new Date("2026-11-23T12:00:00Z");
  const said = (minutes: number) => whenWords(new Date(now.getTime() - minutes * 60_000), "Europe/London", now);
  expect([0.5, 1, 14, 120, 20 * 60].map(said)).toEqual(["a moment ago", "1 minute ago", "14 minutes ago", "today 10am", "yesterday 4pm"]);
});
