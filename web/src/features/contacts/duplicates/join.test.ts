import { expect, it } from "vitest";
import type { Schemas } from "@/api/client";
import type { Contact } from "../one";
import { consentOf, editOf, inCalendar, missing, usual } from "./join";

const person = (more: Partial<Contact>): Contact =>
  ({ name: "Ada Example", phone: "+447912345678", email: null, notes: null, group_ids: [], tags: [], do_not_contact: false, priority: "normal", preferred_contact_method: "voice", preferences: { voice_consent: { state: "unknown" }, sms_opt_in: false, email_opt_in: false }, ...more }) as Contact;
const consent = (state: string, method: string | null = null): Contact["preferences"] => ({ sms_opt_in: false, email_opt_in: false, voice_consent: { state, method } });
const at = new Date("2026-11-22T09:00:00Z");
const appointment = (time: string, more: Partial<Schemas["Appointment"]> = {}) => ({ appointment_time: time, appointment_status: "pending", booking_source: "manual", ...more }) as Schemas["Appointment"];

it("keeps what the kept one has, takes what it lacks, and the notes and groups of both", () => {
  const kept = person({ notes: "Prefers mornings.", group_ids: ["a"], tags: ["vip"] });
  const other = person({ name: "Ada Exampel", email: "ada@example.com", notes: "Has moved.", group_ids: ["a", "b"], tags: ["vip"] });
  const choice = usual(kept, other);
  expect(choice).toEqual({ name: "kept", email: "other", notes: "both" });
  expect(editOf(kept, other, choice)).toEqual({ email: "ada@example.com", notes: "Prefers mornings.\n\nHas moved.", group_ids: ["a", "b"] });
  expect(editOf(kept, other, { name: "other" })).toEqual({ name: "Ada Exampel", group_ids: ["a", "b"] });
});

it("changes nothing where the two say the same", () => {
  expect(editOf(person({}), person({}), {})).toEqual({});
  expect(consentOf(person({}), person({}))).toBeNull();
});

it("lets nobody be rung or written to whom one of the two records forbids", () => {
  expect(editOf(person({}), person({ do_not_contact: true }), {})).toEqual({ do_not_contact: true });
  const [given, withdrawn] = [person({ preferences: consent("given", "verbal") }), person({ preferences: consent("withdrawn") })];
  expect(consentOf(given, withdrawn)).toEqual({ action: "withdrawn" });
  expect(consentOf(withdrawn, given)).toBeNull();
  expect(consentOf(person({}), given)).toEqual({ action: "given", method: "verbal" });
});

it("brings over the appointments to come that the kept one lacks", () => {
  const mine = [appointment("2026-11-24T10:00:00Z")];
  const theirs = [appointment("2026-11-20T10:00:00Z"), appointment("2026-11-24T10:00:00+00:00"), appointment("2026-11-25T10:00:00Z"), appointment("2026-11-26T10:00:00Z", { appointment_status: "cancelled" })];
  expect(missing(mine, theirs, at).map((each) => each.appointment_time)).toEqual(["2026-11-25T10:00:00Z"]);
  expect(inCalendar(theirs, at)).toBe(false);
  expect(inCalendar([appointment("2026-11-25T10:00:00Z", { booking_source: "calcom" })], at)).toBe(true);
  expect(inCalendar([appointment("2026-11-20T10:00:00Z", { booking_source: "calcom" })], at)).toBe(false);
});
