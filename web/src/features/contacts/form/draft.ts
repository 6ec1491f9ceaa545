import type { Schemas } from "@/api/client";
import { phoneText } from "@/lib/phone";
import { clock24, dateKey } from "@/lib/time";
import type { Contact } from "../one";

type Body = Schemas["ContactBody"];

/** A contact as the form holds it: texts and ticks, nothing parsed. */
export interface Draft {
  name: string;
  phone: string;
  email: string;
  date: string;
  time: string;
  duration: string;
  type: string;
  owner: string;
  location: string;
  words: string;
  notes: string;
  groups: string[];
  tags: string[];
  priority: string;
  channel: string;
  hours: string;
  sms: boolean;
  emailing: boolean;
  preferred: string;
  assigned: string;
  doNotContact: boolean;
  /** Whose form applies; empty where that is the business's. */
  industry: string;
  custom: Record<string, unknown>;
  /** What was typed for a form that is not chosen any more: kept here, never sent. */
  aside: Record<string, unknown>;
  consent: string;
  checks: Record<Check, boolean>;
}

export const CHECKS = ["consent_obtained", "minimum_necessary", "no_phi_in_instructions", "sensitivity_set", "staff_trained"] as const;
export type Check = (typeof CHECKS)[number];

export const EMPTY: Draft = {
  name: "",
  phone: "",
  email: "",
  date: "",
  time: "",
  duration: "30",
  type: "",
  owner: "",
  location: "",
  words: "",
  notes: "",
  groups: [],
  tags: [],
  priority: "normal",
  channel: "voice",
  hours: "",
  sms: false,
  emailing: false,
  preferred: "anytime",
  assigned: "",
  doNotContact: false,
  industry: "",
  custom: {},
  aside: {},
  consent: "",
  checks: { consent_obtained: false, minimum_necessary: false, no_phi_in_instructions: false, sensitivity_set: false, staff_trained: false },
};

export function draftOf(contact: Contact): Draft {
  const at = contact.appointment_time ? new Date(contact.appointment_time) : null;
  return {
    ...EMPTY,
    name: contact.name,
    // As it is shown everywhere else: leaving the field would else count as a change.
    phone: contact.phone ? phoneText(contact.phone) : "",
    email: contact.email ?? "",
    date: at ? dateKey(at, contact.timezone) : "",
    time: at ? clock24(at, contact.timezone) : "",
    duration: contact.appointment_duration ? String(contact.appointment_duration) : "",
    type: contact.appointment_type ?? "",
    owner: contact.owner_name ?? "",
    location: contact.location_id ?? "",
    words: contact.special_instructions ?? "",
    notes: contact.notes ?? "",
    groups: contact.group_ids,
    tags: contact.tags,
    priority: contact.priority,
    channel: contact.preferred_contact_method,
    hours: String(contact.call_before_hours),
    sms: contact.preferences.sms_opt_in,
    emailing: contact.preferences.email_opt_in,
    preferred: contact.preferences.preferred_contact_time ?? "anytime",
    assigned: contact.assigned_to ?? "",
    doNotContact: contact.do_not_contact,
    industry: contact.industry ?? "",
    custom: contact.custom_fields,
  };
}

const text = (value: string): string | null => value.trim() || null;

/** The whole form as a new contact. */
export function bodyOf(draft: Draft): Body {
  const checked = CHECKS.some((each) => draft.checks[each]);
  return {
    name: draft.name.trim(),
    phone: draft.phone.trim(),
    ...(draft.email.trim() && { email: draft.email.trim() }),
    ...(draft.date && draft.time && { appointment_time: `${draft.date}T${draft.time}`, ...(draft.duration && { appointment_duration: Number(draft.duration) }) }),
    ...(draft.type && { appointment_type: draft.type }),
    ...(draft.owner.trim() && { owner_name: draft.owner.trim() }),
    ...(draft.location && { location_id: draft.location }),
    ...(draft.words.trim() && { special_instructions: draft.words.trim() }),
    ...(draft.notes.trim() && { notes: draft.notes.trim() }),
    ...(draft.groups.length > 0 && { group_ids: draft.groups }),
    priority: draft.priority,
    preferred_contact_method: draft.channel,
    ...(draft.hours && { call_before_hours: Number(draft.hours) }),
    preferences: { sms_opt_in: draft.sms, email_opt_in: draft.emailing, ...(draft.preferred !== "anytime" && { preferred_contact_time: draft.preferred }) },
    ...(draft.assigned && { assigned_to: draft.assigned }),
    ...(draft.industry && { industry: draft.industry }),
    ...(Object.keys(draft.custom).length > 0 && { custom_fields: draft.custom }),
    ...(draft.consent && { voice_consent: { method: draft.consent } }),
    ...(checked && { hipaa_checklist: draft.checks }),
    booking_source: "manual",
  };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Only what was changed: a field nobody touched is never sent, so nobody else's change to it is lost. */
export function changesOf(before: Draft, after: Draft, timezone: string): Body {
  const moved = before.date !== after.date || before.time !== after.time;
  const changed = (key: keyof Draft): boolean => !same(before[key], after[key]);
  return {
    ...(changed("name") && { name: after.name.trim() }),
    ...(changed("phone") && { phone: after.phone.trim() }),
    ...(changed("email") && { email: text(after.email) }),
    ...(moved && after.date && after.time && { appointment_time: `${after.date}T${after.time}`, timezone }),
    ...(changed("duration") && after.duration && { appointment_duration: Number(after.duration) }),
    ...(changed("type") && { appointment_type: text(after.type) }),
    ...(changed("owner") && { owner_name: text(after.owner) }),
    ...(changed("location") && { location_id: text(after.location) }),
    ...(changed("words") && { special_instructions: text(after.words) }),
    ...(changed("notes") && { notes: text(after.notes) }),
    ...(changed("groups") && { group_ids: after.groups }),
    ...(changed("tags") && { tags: after.tags }),
    ...(changed("priority") && { priority: after.priority }),
    ...(changed("channel") && { preferred_contact_method: after.channel }),
    ...(changed("hours") && after.hours && { call_before_hours: Number(after.hours) }),
    ...((changed("sms") || changed("emailing") || changed("preferred")) && {
      preferences: { sms_opt_in: after.sms, email_opt_in: after.emailing, preferred_contact_time: after.preferred },
    }),
    ...(changed("assigned") && { assigned_to: text(after.assigned) }),
    ...(changed("doNotContact") && { do_not_contact: after.doNotContact }),
    ...(changed("industry") && { industry: text(after.industry) }),
    ...(changed("custom") && { custom_fields: after.custom }),
  };
}

/** What the fields of an industry's form are called together. */
export const ABOUT = "More about them";

export const LABEL: Partial<Record<keyof Draft, string>> = {
  name: "Name",
  phone: "Phone",
  email: "Email",
  date: "Date",
  time: "Time",
  duration: "Duration",
  type: "Type",
  owner: "With",
  location: "Location",
  words: "Said on the call",
  notes: "Notes",
  groups: "Groups",
  tags: "Tags",
  priority: "Priority",
  channel: "Reached by",
  hours: "Hours before",
  sms: "Text messages",
  emailing: "Emails",
  preferred: "Preferred time",
  assigned: "Assigned to",
  doNotContact: "Do not contact",
  industry: "Industry",
  custom: ABOUT,
};

export interface Clash {
  key: keyof Draft;
  before: Draft[keyof Draft];
  mine: Draft[keyof Draft];
  theirs: Draft[keyof Draft];
}

type Custom = Draft["custom"];

const bothChanged = (before: unknown, mine: unknown, theirs: unknown): boolean => !same(before, mine) && !same(before, theirs) && !same(mine, theirs);

/** Fields that both changed, and differently; of an industry's form those fields alone. What only one of the two changed merges by itself. */
export function clashes(before: Draft, mine: Draft, theirs: Draft): Clash[] {
  const names = Object.keys({ ...before.custom, ...mine.custom, ...theirs.custom }).filter((name) => bothChanged(before.custom[name], mine.custom[name], theirs.custom[name]));
  const only = (custom: Custom): Custom => Object.fromEntries(names.flatMap((name) => (name in custom ? [[name, custom[name]]] : [])));
  return (Object.keys(LABEL) as (keyof Draft)[])
    .filter((key) => (key === "custom" ? names.length > 0 : bothChanged(before[key], mine[key], theirs[key])))
    .map((key) => (key === "custom" ? { key, before: only(before.custom), mine: only(mine.custom), theirs: only(theirs.custom) } : { key, before: before[key], mine: mine[key], theirs: theirs[key] }));
}

/** An industry's form of two, field by field. */
function mergedCustom(before: Custom, mine: Custom, theirs: Custom, keep: boolean): Custom {
  const names = Object.keys({ ...before, ...mine, ...theirs });
  const isMine = (name: string) => !same(before[name], mine[name]) && (keep || !bothChanged(before[name], mine[name], theirs[name]));
  return Object.fromEntries(
    names.flatMap((name) => {
      const from = isMine(name) ? mine : theirs;
      return name in from ? [[name, from[name]]] : [];
    }),
  );
}

/** Theirs, with what I changed and they did not; of what both changed, mine where it is kept. */
export function merge(before: Draft, mine: Draft, theirs: Draft, keep: ReadonlySet<keyof Draft>): Draft {
  const clashing = new Set(clashes(before, mine, theirs).map((each) => each.key));
  const merged: Draft = { ...theirs };
  const kept = (Object.keys(mine) as (keyof Draft)[]).filter((key) => !same(before[key], mine[key]) && (!clashing.has(key) || keep.has(key)));
  return Object.assign(merged, Object.fromEntries(kept.map((key) => [key, mine[key]])), { custom: mergedCustom(before.custom, mine.custom, theirs.custom, keep.has("custom")) });
}
