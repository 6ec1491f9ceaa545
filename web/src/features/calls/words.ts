import { Ban, CalendarSync, Check, CircleHelp, Hourglass, LoaderCircle, Phone, PhoneCall, PhoneForwarded, PhoneMissed, PhoneOff, Voicemail, X, type LucideIcon } from "lucide-react";
import type { Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { clockOf, dayAndTime, fullDate } from "@/lib/time";
import { capital } from "@/lib/words";
import type { Tone } from "@/ui/Badge";

export interface CallWord {
  word: string;
  icon: LucideIcon;
  tone: Tone;
}

type Call = Pick<Schemas["CallSession"], "status" | "outcome" | "appointment_action" | "due_at" | "position">;

const RESULT: Record<string, CallWord> = {
  confirmed: { word: "Confirmed", icon: Check, tone: "confirmed" },
  cancelled: { word: "Cancelled", icon: X, tone: "cancelled" },
  rescheduled: { word: "Wants to move", icon: CalendarSync, tone: "moved" },
};

const OUTCOME: Record<string, CallWord> = {
  answered: { word: "Answered", icon: Check, tone: "neutral" },
  voicemail: { word: "Voicemail", icon: Voicemail, tone: "neutral" },
  no_answer: { word: "No answer", icon: PhoneMissed, tone: "neutral" },
  busy: { word: "Busy", icon: PhoneMissed, tone: "neutral" },
  failed: { word: "Failed", icon: PhoneOff, tone: "neutral" },
};

/** A call in one word: what came of it, or where it stands. */
export function callWord(call: Call, now: Date): CallWord {
  switch (call.status) {
    case "planned":
      return Date.parse(call.due_at) <= now.getTime() ? { word: "In line", icon: Hourglass, tone: "neutral" } : { word: "Planned", icon: Phone, tone: "neutral" };
    case "placing":
    case "initiated":
      return { word: "Starting", icon: LoaderCircle, tone: "neutral" };
    case "ringing":
      return { word: "Ringing", icon: PhoneForwarded, tone: "calling" };
    case "answered":
      return { word: "Talking", icon: PhoneCall, tone: "calling" };
    case "cancelled":
      return { word: "Not called", icon: Ban, tone: "neutral" };
    case "unknown":
      return { word: "Result unknown", icon: CircleHelp, tone: "attention" };
    default: {
      const action = call.appointment_action ? RESULT[call.appointment_action] : undefined;
      const outcome = call.outcome ? OUTCOME[call.outcome] : undefined;
      const failed: CallWord = { word: "Failed", icon: PhoneOff, tone: "neutral" };
      return action ?? outcome ?? (call.status === "failed" ? failed : { word: "Finished", icon: Check, tone: "neutral" });
    }
  }
}

export const UNDER_WAY = ["placing", "initiated", "ringing", "answered"] as const;
export const isUnderWay = (status: string): boolean => (UNDER_WAY as readonly string[]).includes(status);
export const isOver = (status: string): boolean => ["completed", "failed", "cancelled", "unknown"].includes(status);

const UNPAID = "the phone provider refused payment";
const FULL = "the phone provider had no line free";
const NETWORK = "the network did not put it through";

/** Why a call failed, by the provider's word for it. */
const ENDED: Record<string, string> = {
  dial_busy: "the line was busy",
  dial_no_answer: "nobody answered",
  user_declined: "it was declined",
  invalid_destination: "the number cannot be called",
  dial_failed: NETWORK,
  sip_routing_error: NETWORK,
  telephony_provider_unavailable: NETWORK,
  telephony_provider_permission_denied: "the phone provider does not call this number",
  marked_as_spam: "the network marked it as spam",
  network_blocked: "the network blocked it",
  concurrency_limit_reached: FULL,
  no_concurrency_fallback: FULL,
  no_valid_payment: UNPAID,
  credit_exhausted: UNPAID,
  budget_reached: UNPAID,
  scam_detected: "the phone provider blocked the account",
  provider_refused: "the phone provider refused the call",
  unknown: "nobody can say what became of it",
  registered_call_timeout: "the phone provider never started it",
};

export const endWords = (reason: string): string => ENDED[reason] ?? (reason.startsWith("error_") ? "it broke for technical reasons" : reason.replaceAll("_", " "));

export const METHOD: Record<string, string> = { manual_call_now: "Call now", reminder: "Reminder", retry: "Another try", campaign: "Campaign" };

/** `local time Mon 23:00 GMT` as `11:00pm on Mon (GMT)`: where that is differs from person to person. */
export const localTime = (saw: string): string => saw.replace(/^local time (?:([A-Z][a-z]{2}) )?(\d\d:\d\d)(?: (\S+))?$/, (_, day: string | undefined, time: string, zone: string | undefined) => `${clockOf(time)}${day ? ` on ${day}` : ""}${zone ? ` (${zone})` : ""}`);

/** The check of a consent that was taken back: `Required, withdrawn on 3 Sep 2026`. */
export const withdrawnWords = (at: string | null | undefined, zone: string): string => `Required, withdrawn${at ? ` on ${fullDate(new Date(at), zone)}` : ""}`;

/** What a guard saw, in words: the API's instants become times of the day. */
export function sawWords(saw: string, zone: string): string {
  return capital(localTime(saw).replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (instant) => dayAndTime(new Date(instant), zone, now())).replaceAll(" slots", " calls in 15 minutes"));
}

/** The guards' names as people would ask. */
export const GUARD: Record<string, string> = {
  tenant_active: "Account is active",
  not_paused: "Calling is on",
  agent_configured: "Calling is set up",
  calendar_configured: "Calendar is set up",
  dialable_number: "Number can be called",
  do_not_call_list: "Not on the do-not-call list",
  do_not_contact: "May be contacted",
  voice_consent: "Consent to calls",
  status: "Appointment",
  attempts_cap: "Tries so far",
  window: "Time for a reminder",
  permitted_hours: "Allowed hours",
  gap: "Time since the last call",
  in_flight: "Number free",
  attempts_per_number: "Calls to this number",
  slots: "Calls left",
  campaign: "Campaign",
};
