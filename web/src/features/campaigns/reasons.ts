import { Ban, Check, CircleHelp, ClockAlert, PhoneMissed, PhoneOff, ShieldAlert, type LucideIcon } from "lucide-react";
import { humane } from "@/lib/words";

/** Why somebody is left out of a campaign, in the desk's words, with what would change it. */
const REASONS: Record<string, { name: string; line?: string; icon: LucideIcon }> = {
  status_needs_no_call: { name: "Already confirmed or cancelled", icon: Check },
  no_consent: { name: "No consent to calls", line: "Not recorded, or withdrawn: the record says which", icon: ShieldAlert },
  voice_consent: { name: "No consent to calls", line: "Not recorded, or withdrawn: the record says which", icon: ShieldAlert },
  do_not_call_list: { name: "On the do-not-call list", line: "Vio never calls them", icon: PhoneOff },
  do_not_contact: { name: "Marked do not contact", icon: Ban },
  no_phone: { name: "No phone number", icon: PhoneOff },
  not_dialable: { name: "Number cannot be called", icon: PhoneOff },
  attempts_used_up: { name: "All tries for this appointment used", icon: PhoneMissed },
  called_recently: { name: "Called in the last 8 hours", icon: ClockAlert },
  appointment_past: { name: "The appointment has passed", icon: ClockAlert },
  no_appointment: { name: "No coming appointment", icon: ClockAlert },
  call_in_progress: { name: "On the phone right now", icon: PhoneMissed },
  window_missed: { name: "No time left before the appointment", icon: ClockAlert },
};

export const skipReason = (reason: string) => REASONS[reason] ?? { name: humane(reason), icon: CircleHelp };
