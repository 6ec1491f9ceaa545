import { expect, it } from "vitest";
import type { Schemas } from "@/api/client";
import type { Contact } from "../one";
import { changedSince, inCalendar, mergeBody, usual } from "./join";

const person = (more: Partial<Contact>): Contact => ({ id: "a", version: 1, name: "Ada Example", phone: "+447912345678", email: null, notes: null, priority: "normal", preferred_contact_method: "voice", ...more }) as Contact;
const at = new Date("2026-11-22T09:00:00Z");
const appointment = (time: string, more: Partial<Schemas["Appointment"]> = {}) => ({ appointment_time: time, appointment_status: "pending", booking_source: "manual", ...more }) as Schemas["Appointment"];

it("keeps what the kept one has, takes what it lacks, and the notes of both", () => {
  const kept = person({ notes: "Prefers mornings." });
  const other = person({ id: "b", name: "Ada Exampel", email: "ada@example.com", notes: "Has moved." });
  expect(usual(kept, other)).toEqual({ name: "kept", email: "other", notes: "both" });
  expect(usual(person({}), person({}))).toEqual({});
});

it("names the versions that were compared, and whose value is taken of each field that differs", () => {
  const kept = { value: person({ notes: "Prefers mornings." }), etag: '"c1"' };
  const other = { value: person({ id: "b", name: "Ada Exampel", notes: "Has moved." }), etag: '"c4"' };
  expect(mergeBody(kept, other, { name: "other", notes: "both" })).toEqual({
    keep: { contact_id: "a", version: '"c1"' },
    merge: { contact_id: "b", version: '"c4"' },
    fields: { name: "merge", notes: "both" },
  });
});

it("says what somebody else changed meanwhile", () => {
  const before = person({});
  expect(changedSince(before, before)).toEqual([]);
  expect(changedSince(before, person({ version: 2, email: "ada@example.com" }))).toEqual(["email"]);
});

it("knows what a calendar goes on telling of", () => {
  expect(inCalendar([appointment("2026-11-25T10:00:00Z")], at)).toBe(false);
  expect(inCalendar([appointment("2026-11-25T10:00:00Z", { booking_source: "calcom" })], at)).toBe(true);
  expect(inCalendar([appointment("2026-11-25T10:00:00Z", { booking_source: "calcom", appointment_status: "cancelled" })], at)).toBe(false);
  expect(inCalendar([appointment("2026-11-20T10:00:00Z", { booking_source: "calcom" })], at)).toBe(false);
});
