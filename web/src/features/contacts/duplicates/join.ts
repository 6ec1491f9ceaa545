import { api, body, type Schemas } from "@/api/client";
import type { Contact } from "../one";

/** Which of the two a value is taken from; notes can be taken from both. */
export type From = "kept" | "other" | "both";
export const FIELDS = ["name", "phone", "email", "company_name", "preferred_contact_method", "priority", "assigned_to", "notes"] as const;
export type Field = (typeof FIELDS)[number];
export type Choice = Partial<Record<Field, From>>;
type Appointment = Schemas["Appointment"];

const CALENDARS = ["calcom", "calendly"];

/** Fields in which the two differ. */
export const differing = (one: Contact, other: Contact): Field[] => FIELDS.filter((field) => (one[field] ?? "") !== (other[field] ?? ""));

/** Unless somebody says otherwise: what the kept one has, else what the other has, and the notes of both. */
export function usual(kept: Contact, other: Contact): Choice {
  return Object.fromEntries(differing(kept, other).map((field): [Field, From] => [field, field === "notes" && kept.notes && other.notes ? "both" : kept[field] ? "kept" : "other"]));
}

/** What of the choice the kept one does not have yet, as an edit. Groups and tags are those of both; who must not be contacted stays so. */
export function editOf(kept: Contact, other: Contact, choice: Choice): Schemas["ContactBody"] {
  const edit: Record<string, unknown> = {};
  for (const field of differing(kept, other)) {
    if (choice[field] === "other") edit[field] = other[field] ?? null;
    if (choice[field] === "both") edit[field] = `${kept[field] ?? ""}\n\n${other[field] ?? ""}`;
  }
  const union = (mine: string[], theirs: string[]) => [...new Set([...mine, ...theirs])];
  const groups = union(kept.group_ids, other.group_ids);
  const tags = union(kept.tags, other.tags);
  if (groups.length > kept.group_ids.length) edit.group_ids = groups;
  if (tags.length > kept.tags.length) edit.tags = tags;
  if (other.do_not_contact && !kept.do_not_contact) edit.do_not_contact = true;
  return edit;
}

/** The permission that the kept one is to have besides: one that was withdrawn outweighs one that was given. */
export function consentOf(kept: Contact, other: Contact): Schemas["NewConsent"] | null {
  const [mine, theirs] = [kept.preferences.voice_consent, other.preferences.voice_consent];
  if (theirs.state === "withdrawn" && mine.state !== "withdrawn") return { action: "withdrawn" };
  if (theirs.state === "given" && mine.state === "unknown" && theirs.method) return { action: "given", method: theirs.method, ...(theirs.obtained_at && { obtained_at: theirs.obtained_at }) };
  return null;
}

/** Appointments to come that are not cancelled. */
export const coming = (list: Appointment[], at: Date): Appointment[] => list.filter((each) => Date.parse(each.appointment_time) > at.getTime() && each.appointment_status !== "cancelled");

/** Those that the kept one lacks. */
export const missing = (kept: Appointment[], other: Appointment[], at: Date): Appointment[] => coming(other, at).filter((each) => !kept.some((there) => Date.parse(there.appointment_time) === Date.parse(each.appointment_time) && there.appointment_status !== "cancelled"));

/** A calendar goes on telling of its appointment where it was booked: at the one who would be deleted. */
export const inCalendar = (list: Appointment[], at: Date): boolean => coming(list, at).some((each) => CALENDARS.includes(each.booking_source));

export const appointmentsOf = (id: string) => body(api.GET("/api/contacts/{contact_id}/appointments", { params: { path: { contact_id: id } } }));

/** Notes on the work list that the two may be one are done with. */
export async function settle(ids: string[], done: string): Promise<void> {
  for (const id of ids) {
    const { attention } = await body(api.GET("/api/attention", { params: { query: { contact_id: id, reason: "possible_duplicate" } } }));
    for (const entry of attention) await api.POST("/api/attention/{attention_id}/resolve", { params: { path: { attention_id: entry.attention_id } }, body: { done } });
  }
}

interface Versioned {
  value: Contact;
  etag: string;
}

/**
 * Makes one of two, step by step: first the kept one gets everything, last the other is deleted, so that nothing is lost
 * where a step fails. Done again it goes on from there.
 */
export async function join(kept: Versioned, other: Versioned, choice: Choice, at: Date): Promise<void> {
  const path = { contact_id: kept.value.id };
  const edit = editOf(kept.value, other.value, choice);
  if (Object.keys(edit).length > 0) await api.PATCH("/api/contacts/{contact_id}", { params: { path, header: { "If-Match": kept.etag } }, body: { ...edit, on_duplicate: "create_new" } });
  const consent = consentOf(kept.value, other.value);
  if (consent) await api.POST("/api/contacts/{contact_id}/consents", { params: { path }, body: consent });
  const [mine, theirs] = await Promise.all([appointmentsOf(kept.value.id), appointmentsOf(other.value.id)]);
  for (const each of missing(mine.appointments, theirs.appointments, at)) {
    await api.POST("/api/contacts/{contact_id}/appointments", {
      params: { path },
      body: {
        appointment_time: each.appointment_time,
        timezone: each.timezone,
        appointment_status: each.appointment_status,
        call_before_hours: each.call_before_hours,
        ...(each.appointment_duration && { appointment_duration: each.appointment_duration }),
        ...(each.appointment_type && { appointment_type: each.appointment_type }),
        ...(each.owner_name && { owner_name: each.owner_name }),
        ...(each.location_id && { location_id: each.location_id }),
        ...(each.special_instructions && { special_instructions: each.special_instructions }),
        ...(each.confirmation_method && { confirmation_method: each.confirmation_method }),
      },
    });
  }
  await api.DELETE("/api/contacts/{contact_id}", { params: { path: { contact_id: other.value.id }, header: { "If-Match": other.etag } } });
  await settle([kept.value.id], "The same person: made one record of the two");
}
