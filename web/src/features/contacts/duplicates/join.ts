import { api, body, type Schemas } from "@/api/client";
import type { Contact } from "../one";

/** Which of the two a value is taken from; notes can be taken from both. */
export type From = "kept" | "other" | "both";
export const FIELDS = ["name", "phone", "email", "company_name", "preferred_contact_method", "priority", "assigned_to", "notes"] as const;
export type Field = (typeof FIELDS)[number];
export type Choice = Partial<Record<Field, From>>;
type Appointment = Schemas["Appointment"];

const CALENDARS = ["calcom", "calendly"];
const SIDES = { kept: "keep", other: "merge", both: "both" } as const;

/** Fields in which the two differ. */
export const differing = (one: Contact, other: Contact): Field[] => FIELDS.filter((field) => (one[field] ?? "") !== (other[field] ?? ""));

/** Unless somebody says otherwise: what the kept one has, else what the other has, and the notes of both. */
export function usual(kept: Contact, other: Contact): Choice {
  return Object.fromEntries(differing(kept, other).map((field): [Field, From] => [field, field === "notes" && kept.notes && other.notes ? "both" : kept[field] ? "kept" : "other"]));
}

/** A calendar goes on telling of its appointment where it was booked: at the one who would be deleted. */
export const inCalendar = (list: Appointment[], at: Date): boolean => list.some((each) => Date.parse(each.appointment_time) > at.getTime() && each.appointment_status !== "cancelled" && CALENDARS.includes(each.booking_source));

export const appointmentsOf = (id: string) => body(api.GET("/api/contacts/{contact_id}/appointments", { params: { path: { contact_id: id } } }));

/** Notes on the work list that the two may be one are done with. */
export async function settle(ids: string[], done: string): Promise<void> {
  for (const id of ids) {
    const { attention } = await body(api.GET("/api/attention", { params: { query: { contact_id: id, reason: "possible_duplicate" } } }));
    for (const entry of attention) await api.POST("/api/attention/{attention_id}/resolve", { params: { path: { attention_id: entry.attention_id } }, body: { done } });
  }
}

export interface Known {
  value: Contact;
  etag: string;
}

/** The request that makes one of the two as they were compared. */
export function mergeBody(kept: Known, other: Known, choice: Choice): Schemas["ContactsMerge"] {
  const chosen = differing(kept.value, other.value).map((field) => [field, SIDES[choice[field] ?? "kept"]]);
  const one = ({ value, etag }: Known) => ({ contact_id: value.id, version: etag });
  return { keep: one(kept), merge: one(other), fields: Object.fromEntries(chosen) as Schemas["MergeFields"] };
}

/** What of a record is not as it was when the two were compared. */
export const changedSince = (before: Contact, after: Contact): Field[] => (before.version === after.version ? [] : differing(before, after));
