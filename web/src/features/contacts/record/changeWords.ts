import { humane } from "@/lib/words";

export const LOOKED = "Looked at";

/** What the history calls an action, as the desk says it. */
const ACTION: Record<string, string> = {
  "contact.created": "Added",
  "contact.updated": "Changed",
  "contact.viewed": LOOKED,
  "contact.deleted": "Deleted",
  "contact.restored": "Brought back",
  "contact.merged": "Made one with another record",
  "contact.merged_away": "Made one with another record, and deleted",
  "contact.kept_apart": "Said to be two people",
  "contact.no_longer_kept_apart": "No longer said to be two people",
  "contact.planned_anew": "Reminder planned anew",
  "contact.replanned": "Reminder planned anew",
  "contact.calls_ended": "Calls ended",
  "contact.answered": "Answered a message",
  "contact.unsubscribed": "Wants no more emails",
  "contact.email_stopped": "Emails stopped",
  "contact.brought_up_to_date": "Brought up to date",
  "appointment.created": "Appointment added",
  "appointment.updated": "Appointment changed",
  "appointment.deleted": "Appointment removed",
  "appointment.replanned": "Reminder planned anew",
  "consent.given": "Agreed to reminder calls",
  "consent.withdrawn": "Permission withdrawn",
  "call_now.refused": "Call now was refused",
  "call_now.accepted": "Call now",
  "call_now.cancelled": "Call now taken back",
  "campaign.call_planned": "Planned in a campaign",
  "campaign.call_taken_back": "Taken out of a campaign",
  "call.placing": "Call begun",
  "call.progressed": "Call under way",
  "call.settled": "Call over",
  "call.reconciled": "Call looked up",
  "call.refused": "Not called",
  "call.not_placed": "Call not begun",
  "call.put_off": "Call put off",
  "call.held_by_pause": "Call held: calling was paused",
  "group.member_added": "Put into a group",
  "group.member_removed": "Taken out of a group",
  "group.member_changed": "Groups changed",
  "interaction.added": "Note added",
  "attention.assigned": "Work assigned",
  "attention.noted": "Work noted",
  "attention.snoozed": "Work snoozed",
  "attention.resolved": "Work resolved",
  "attention.reopened": "Work reopened",
};

export const actionWords = (action: string): string => ACTION[action] ?? humane(action);

const FIELD: Record<string, string> = { group_ids: "groups", call_attempts: "tries", owner_name: "with", special_instructions: "said on the call", custom_fields: "more about them", call_before_hours: "hours before", preferred_contact_method: "reached by" };

export const fieldWords = (field: string): string => FIELD[field] ?? humane(field).toLowerCase();

const PROVIDER: Record<string, string> = { calcom: "Cal.com", calendly: "Calendly", retell: "the phone provider", twilio: "the text message provider", ses: "the email provider" };

/** Who did it: somebody of the team by name, a provider, or Vio. */
export function whoDid(by: { kind: string; name?: string | null | undefined }, colleague: string | undefined): string {
  if (by.kind === "user") return by.name ?? colleague ?? "a colleague";
  if (by.kind === "provider") return PROVIDER[by.name ?? ""] ?? "the calendar or phone provider";
  return "Vio";
}
