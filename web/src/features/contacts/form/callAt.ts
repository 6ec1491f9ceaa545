import type { Schemas } from "@/api/client";
import { addDays, dateKey, dayAndTimeWithin, instantOf } from "@/lib/time";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** As the planner has them (`domain::planner`): the least lead for a call, the rest after booking, and what is too short a window. */
const LEAST_LEAD = 30 * MINUTE;
const SHORTEST_REST = 10 * MINUTE;
const LONGEST_REST = 120 * MINUTE;
const SHORT_WINDOW = 15 * MINUTE;
const EXTENDED_WINDOW = 60 * MINUTE;

interface Asked {
  /** When it is; it is booked now. */
  appointment: Date;
  hoursBefore: number;
  zone: string;
  hours: Schemas["CallHoursView"];
  noticeHours: number;
  /** Whether a day (`yyyy-mm-dd`) is a holiday. */
  holiday: (date: string) => boolean;
  /** Somebody wants to be called at a time of the day: it narrows the hours. */
  preferred: boolean;
  now: Date;
}

export interface CallAt {
  at: Date;
  /** The call hours move it, or it depends on when it is saved: it can be another minute. */
  about: boolean;
}

/** When Vio would call about an appointment that is saved now; null where no permitted minute is left. */
export function callAt({ appointment, hoursBefore, zone, hours, noticeHours, holiday, preferred, now }: Asked): CallAt | null {
  const lead = appointment.getTime() - now.getTime();
  if (lead < LEAST_LEAD) return null;
  const wanted = appointment.getTime() - hoursBefore * HOUR;
  const start = Math.max(wanted, now.getTime() + Math.min(LONGEST_REST, lead / 2));
  const earliest = now.getTime() + SHORTEST_REST;
  const end = appointment.getTime() - Math.min(noticeHours * HOUR, (hoursBefore * HOUR) / 2, lead / 4);
  const permitted = (from: number): [number, number][] => {
    const found: [number, number][] = [];
    const last = dateKey(new Date(end), zone);
    for (let date = dateKey(new Date(from), zone); date <= last; date = addDays(date, 1)) {
      const weekday = new Date(`${date}T12:00:00Z`).getUTCDay();
      if ((!hours.weekend_calling && (weekday === 0 || weekday === 6)) || (!hours.holiday_calling && holiday(date))) continue;
      const opens = Math.max(from, instantOf(date, hours.start_time, zone).getTime());
      const closes = Math.min(end, (hours.end_time === "24:00" ? instantOf(addDays(date, 1), "00:00", zone) : instantOf(date, hours.end_time, zone)).getTime());
      if (opens < closes) found.push([opens, closes]);
    }
    return found;
  };
  const after = permitted(start);
  const first = after[0]?.[0];
  if (first !== undefined && after.reduce((sum, [opens, closes]) => sum + closes - opens, 0) >= SHORT_WINDOW) return { at: new Date(first), about: first !== wanted || preferred };
  // Too little is left after the time wanted: the last permitted minutes before the end.
  let left = EXTENDED_WINDOW;
  let due: number | null = null;
  // Two weeks before the time wanted hold an hour of calls, whatever is closed.
  for (const [opens, closes] of permitted(Math.max(earliest, start - 14 * 24 * HOUR)).reverse()) {
    const taken = Math.min(left, closes - opens);
    due = closes - taken;
    left -= taken;
    if (left <= 0) break;
  }
  return due === null ? null : { at: new Date(due), about: true };
}

/** `Thu 19 Nov, 6:10pm`, `about tomorrow 8am`. */
export const callAtWords = ({ at, about }: CallAt, zone: string, now: Date): string => `${about ? "about " : ""}${dayAndTimeWithin(at, zone, now)}`;
