import { Ban, Check, CircleHelp, ClockAlert, PhoneMissed, PhoneOff, ShieldAlert, Trash2, type LucideIcon } from "lucide-react";
import { humane } from "@/lib/words";

/** What can be done about a reason for all whom it leaves out; about some it is done on each record. */
export type Remedy = "consent" | "dnc" | "when" | "again" | "settings" | "deleted";

export interface Reason {
  name: string;
  line?: string;
  icon: LucideIcon;
  remedies?: Remedy[];
  /** What the link to each record says where that is more than opening it. */
  open?: string;
  /** What opens on the record. */
  act?: "edit";
}

/** Why somebody is left out of a campaign, in the desk's words, with what would change it. */
const REASONS: Record<string, Reason> = {
  status_needs_no_call: { name: "Already confirmed or cancelled", line: "Nothing is left to ask them", icon: Check },
  no_consent: { name: "No consent to calls", line: "Not recorded, or withdrawn: they are called if you record it", icon: ShieldAlert, remedies: ["consent"] },
  do_not_call_list: { name: "On the do-not-call list", line: "Vio never calls them", icon: PhoneOff, remedies: ["dnc"] },
  do_not_contact: { name: "Marked do not contact", line: "No channel is used; the record says so", icon: Ban, act: "edit" },
  no_phone: { name: "No phone number", line: "They are called once the record has one", icon: PhoneOff, act: "edit", open: "Add a number" },
  not_dialable: { name: "Number cannot be called", line: "Premium, foreign or incomplete", icon: PhoneOff, act: "edit", open: "Correct the number" },
  attempts_used_up: { name: "All tries for this appointment used", line: "Ring them yourself, or allow more tries", icon: PhoneMissed, remedies: ["settings"] },
  called_recently: { name: "Called in the last 8 hours", line: "A later start reaches them too", icon: ClockAlert, remedies: ["when"] },
  appointment_past: { name: "The appointment has passed by then", line: "Start earlier, or note who came", icon: ClockAlert, remedies: ["when"] },
  call_in_progress: { name: "On the phone right now", line: "Check again when the call is over", icon: PhoneMissed, remedies: ["again"] },
  window_missed: { name: "No time left before the appointment", line: "Start earlier, or ring them yourself", icon: ClockAlert, remedies: ["when"] },
  reached_by_earlier_call: { name: "Reached by an earlier call", icon: Check },
  no_longer_wanted: { name: "Taken out, or the appointment changed", icon: Ban },
  contact_deleted: { name: "Deleted", line: "They can be brought back for 30 days", icon: Trash2, remedies: ["deleted"] },
};

export const skipReason = (reason: string): Reason => REASONS[reason] ?? { name: humane(reason), icon: CircleHelp };

/** The same, said before it is known of whom. */
export const LEFT_OUT = "Vio leaves out whoever confirmed or cancelled, does not agree to calls where that is needed, is on the do-not-call list, was called in the last 8 hours, or has no tries left. The last step says who, and what to do about it.";
