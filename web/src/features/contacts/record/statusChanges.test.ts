import { expect, it } from "vitest";
import { statusChanges } from "./statusChanges";

const entry = (id: string, fields: string[], details: Record<string, unknown> | null) => ({ id, at: "2027-01-12T09:00:00Z", by: { kind: "provider", name: "calcom" }, fields, details });

it("tells what became of appointments, and nothing else", () => {
  const found = statusChanges([
    entry("1", ["appointment_status"], { a: { appointment_status: ["pending", "confirmed"] }, reason: "They rang." }),
    // A new appointment, an edit, somebody who looked, and a word that is not known here.
    entry("2", ["appointment_status", "name"], { contact: { name: [null, "Zoe"] }, b: { appointment_status: [null, "pending"] } }),
    entry("3", ["notes"], { contact: { notes: ["x", "y"] } }),
    entry("4", ["appointment_status"], null),
    entry("5", ["appointment_status"], { a: { appointment_status: ["confirmed", "postponed"] } }),
    // Two at once.
    entry("6", ["appointment_status"], { a: { appointment_status: ["confirmed", "cancelled"] }, b: { appointment_status: ["pending", "rescheduled"] } }),
  ]);
  expect(found.map(({ key, status, reason }) => [key, status, reason])).toEqual([
    ["1a", "confirmed", "They rang."],
    ["6a", "cancelled", undefined],
    ["6b", "rescheduled", undefined],
  ]);
});
