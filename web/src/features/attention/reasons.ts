import { CalendarSync, CalendarX, CircleHelp, ClockAlert, MessageSquareText, MessageSquareX, PauseCircle, PhoneCall, PhoneMissed, PhoneOff, UserRoundX, Users, type LucideIcon } from "lucide-react";

/** What the main button of a work item does: a person dials, Vio calls again after somebody checked, or the record is opened where the remedy is. */
export type Remedy = "ring" | "again" | "move" | "edit_phone" | "compare" | "calendar" | "resume";

interface Reason {
  line: string;
  icon: LucideIcon;
  remedy: Remedy;
  /** What was most likely done about it, in one press. */
  done?: { name: string; text: string };
}

/** The API's reasons in the words of the desk. */
export const REASONS: Record<string, Reason> = {
  no_phone: { line: "Booked without a phone number Vio can use.", icon: PhoneOff, remedy: "edit_phone" },
  not_dialable: { line: "The number cannot be called: check the digits.", icon: PhoneOff, remedy: "edit_phone" },
  window_missed: { line: "The time for a reminder ran out before Vio could call.", icon: ClockAlert, remedy: "ring" },
  provider_refused: { line: "The phone provider refused the call three times.", icon: PhoneOff, remedy: "ring" },
  unknown: { line: "We do not know if this call was made. Vio will not call again by itself.", icon: CircleHelp, remedy: "again", done: { name: "Mark as reached", text: "Checked: was reached" } },
  repeated_failures: { line: "Two calls in a row did not reach anybody.", icon: PhoneMissed, remedy: "ring" },
  not_reached: { line: "All tries are used; nobody was reached.", icon: PhoneMissed, remedy: "ring" },
  reschedule_requested: { line: "Asked for another time on the call.", icon: CalendarSync, remedy: "move" },
  callback_requested: { line: "Asked to be rung back by a person.", icon: PhoneCall, remedy: "ring" },
  follow_up_required: { line: "The call ended with something to follow up.", icon: PhoneCall, remedy: "ring" },
  changed_during_call: { line: "The appointment was changed while Vio was on the phone.", icon: CalendarSync, remedy: "ring" },
  analysis_missing: { line: "The call was answered, but its result never came.", icon: CircleHelp, remedy: "ring" },
  possible_duplicate: { line: "May be somebody you already have.", icon: Users, remedy: "compare" },
  no_call_window: { line: "No allowed time is left for a reminder call.", icon: ClockAlert, remedy: "ring" },
  channel_unavailable: { line: "Prefers text or email, which is not set up.", icon: MessageSquareX, remedy: "ring" },
  fallback_pending: { line: "Was not reached by phone; another way is still to be tried.", icon: MessageSquareX, remedy: "ring" },
  calling_paused: { line: "Calling is paused and the reminder would come too late.", icon: PauseCircle, remedy: "ring" },
  message_not_delivered: { line: "A text message did not arrive, or nobody knows whether it did.", icon: MessageSquareX, remedy: "ring" },
  reply_to_read: { line: "Answered a text message in words that somebody must read.", icon: MessageSquareText, remedy: "ring" },
  cancel_requested: { line: "Answered CANCEL: no more messages. Ask about the appointment.", icon: MessageSquareText, remedy: "ring" },
  calendar_not_updated: { line: "Changed here, but the calendar could not be told. Change it there too.", icon: CalendarX, remedy: "calendar", done: { name: "Done by hand", text: "Changed in the calendar by hand" } },
  new_time_awaited: { line: "Was asked in the calendar to choose another time, and has not yet.", icon: CalendarSync, remedy: "move" },
  calendar_conflict: { line: "The calendar and this record say different things.", icon: CalendarX, remedy: "calendar" },
};

export const reasonOf = (reason: string): Reason => REASONS[reason] ?? { line: reason.replaceAll("_", " "), icon: UserRoundX, remedy: "ring" };
