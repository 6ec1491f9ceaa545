import { capital } from "./words";

/** Times as the design says them: `9:30am`, `Mon 23 Nov`, in the zone of the business unless another is given. */

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone}|${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options });
    formats.set(key, found);
  }
  return found;
}

interface Wall {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  weekday: string;
}

export function wall(instant: Date, zone: string): Wall {
  const parts = format(zone, { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", weekday: "short", hourCycle: "h23" }).formatToParts(instant);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  return {
    year: Number(part("year")),
    month: Number(part("month")),
    day: Number(part("day")),
    hour: Number(part("hour")),
    minute: Number(part("minute")),
    weekday: part("weekday"),
  };
}

const two = (value: number) => String(value).padStart(2, "0");

/** `2026-11-23`. */
export function dateKey(instant: Date, zone: string): string {
  const at = wall(instant, zone);
  return `${at.year}-${two(at.month)}-${two(at.day)}`;
}

let twentyFour = false;

/** How this user writes times of day: `9:30am`, or `09:30` by the 24 hour clock. What stands there is written anew with its next change. */
export function writeTimes(by24Hours: boolean): void {
  twentyFour = by24Hours;
}

export const by24Hours = (): boolean => twentyFour;

/** `9:30am`, or `09:30`; the former without minutes on the hour where `short`. */
export const clock = (instant: Date, zone: string, short = false): string => written(wall(instant, zone), short);

function written({ hour, minute }: { hour: number; minute: number }, short: boolean, seconds = ""): string {
  if (twentyFour) return `${two(hour)}:${two(minute)}${seconds}`;
  const half = hour < 12 ? "am" : "pm";
  return short && minute === 0 ? `${String(twelfth(hour))}${half}` : `${String(twelfth(hour))}:${two(minute)}${seconds}${half}`;
}

const twelfth = (hour: number): number => (hour % 12 === 0 ? 12 : hour % 12);

/** An hour on a scale: `8am`, or `08`. */
export const hourName = (hour: number): string => (twentyFour ? two(hour) : written({ hour, minute: 0 }, true));

/** The same within prose: `9:30am`, `9am`, `midday`, `midnight`; never in columns. */
export function clockWithin(instant: Date, zone: string): string {
  const { hour, minute } = wall(instant, zone);
  return minute === 0 && hour % 12 === 0 && !twentyFour ? (hour === 0 ? "midnight" : "midday") : clock(instant, zone, true);
}

/** `08:00` of the settings as `8am`. */
export function clockOf(text: string): string {
  const [hour = 0, minute = 0] = text.split(":").map(Number);
  return written({ hour: hour % 24, minute }, true);
}

/** `Mon 23 Nov`, with the year where it is another than now. */
export function day(instant: Date, zone: string, now: Date): string {
  const at = wall(instant, zone);
  const month = format(zone, { month: "short" }).format(instant);
  const year = at.year === wall(now, zone).year ? "" : ` ${at.year}`;
  return `${at.weekday} ${at.day} ${month}${year}`;
}

/** `29 Feb 1980` of `1980-02-29`: a date that is nobody's instant. */
export const date = (key: string): string => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" }).format(new Date(`${key}T12:00:00Z`));

/** `3 Sep 2026`: a day whose year matters, because it is kept for long. */
export const fullDate = (instant: Date, zone: string): string => date(dateKey(instant, zone));

/** `Monday 23 November`. */
export function longDay(instant: Date, zone: string): string {
  const weekday = format(zone, { weekday: "long" }).format(instant);
  const month = format(zone, { month: "long" }).format(instant);
  return `${weekday} ${wall(instant, zone).day} ${month}`;
}

/** `Today 8:06am`, `Tomorrow 9am`, `Yesterday 4:10pm`, `Mon 23 Nov, 9:30am`. */
export const dayAndTime = (instant: Date, zone: string, now: Date): string => dayAnd(clock(instant, zone), instant, zone, now);

function dayAnd(time: string, instant: Date, zone: string, now: Date): string {
  const away = daysBetween(dateKey(now, zone), dateKey(instant, zone));
  if (away === 0) return `Today ${time}`;
  if (away === 1) return `Tomorrow ${time}`;
  if (away === -1) return `Yesterday ${time}`;
  return `${day(instant, zone, now)}, ${time}`;
}

const within = (text: string): string => text.replace(/^(Today|Tomorrow|Yesterday)/, (word) => word.toLowerCase());

/** The same within a sentence: `today 8:06am`, `Mon 23 Nov, 9am`, `tomorrow midday`. */
export const dayAndTimeWithin = (instant: Date, zone: string, now: Date): string => within(dayAnd(clockWithin(instant, zone), instant, zone, now));

/** The same where today goes without saying: `9:16am`, `tomorrow 9am`. */
export const timeWithin = (instant: Date, zone: string, now: Date): string => (dateKey(instant, zone) === dateKey(now, zone) ? clockWithin(instant, zone) : dayAndTimeWithin(instant, zone, now));

/** The instant itself, for whoever wants to know exactly: `Mon 23 Nov 2026, 9:30:05am GMT (London)`. */
export function exact(instant: Date, zone: string): string {
  const at = wall(instant, zone);
  const { weekday, day: dayOfMonth, year } = at;
  const month = format(zone, { month: "short" }).format(instant);
  const named = format(zone, { timeZoneName: "short" }).formatToParts(instant).find((each) => each.type === "timeZoneName")?.value ?? "";
  return `${weekday} ${String(dayOfMonth)} ${month} ${String(year)}, ${written(at, false, `:${two(instant.getUTCSeconds())}`)} ${named} (${city(zone)})`;
}

/** `just now`, `14 min ago`, `8:01am`, `Yesterday 4:10pm`, `Mon 16 Nov`. */
export function ago(instant: Date, zone: string, now: Date): string {
  const minutes = Math.floor((now.getTime() - instant.getTime()) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const away = daysBetween(dateKey(now, zone), dateKey(instant, zone));
  if (away === 0) return clock(instant, zone);
  if (away === -1) return `Yesterday ${clock(instant, zone)}`;
  return day(instant, zone, now);
}

/** The same within a sentence. */
export const agoWithin = (instant: Date, zone: string, now: Date): string => within(ago(instant, zone, now));

/** `Just now`, `14 min ago`, `Since 8:05am`, `Since yesterday 4:10pm`: how long something has been so. */
export function since(instant: Date, zone: string, now: Date): string {
  const recent = now.getTime() - instant.getTime() < 3_600_000;
  return recent ? capital(ago(instant, zone, now)) : `Since ${agoWithin(instant, zone, now)}`;
}

/** `in 3 days`, `in 2 hours`, `in 26 minutes`, `3 days ago`. */
export function distance(instant: Date, now: Date): string {
  const minutes = Math.round((instant.getTime() - now.getTime()) / 60_000);
  const size = Math.abs(minutes);
  const [count, unit] = size < 60 ? [size, "minute"] : size < 36 * 60 ? [Math.round(size / 60), "hour"] : [Math.round(size / 1440), "day"];
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return minutes >= 0 ? `in ${words}` : `${words} ago`;
}

/** Whether an expected end is so near that its time would be over while it is read. */
export const isFinishing = (end: Date, now: Date): boolean => end.getTime() - now.getTime() < 60_000;

/** `ends about 9:16am`; within a minute of it `finishing`. */
export const endAbout = (verb: string, end: Date, zone: string, now: Date): string => (isFinishing(end, now) ? "finishing" : `${verb} about ${clock(end, zone)}`);

/** Whole days from one `yyyy-mm-dd` to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

export function addDays(date: string, count: number): string {
  const at = new Date(Date.parse(`${date}T12:00:00Z`) + count * 86_400_000);
  return at.toISOString().slice(0, 10);
}

/** The instant of a wall-clock time; of one that occurs twice the first, of one that is skipped the one after the gap. */
export function instantOf(date: string, time: string, zone: string): Date {
  const naive = Date.parse(`${date}T${time}:00Z`);
  const shown = (instant: number): number => {
    const at = wall(new Date(instant), zone);
    return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute);
  };
  // By the offsets of the day before and the day after: a change of the clocks lies between them, or none.
  const tries = [-86_400_000, 86_400_000].map((away) => naive - (shown(naive + away) - (naive + away)));
  const right = tries.filter((each) => shown(each) === naive);
  return new Date(right.length > 0 ? Math.min(...right) : Math.max(...tries));
}

/** Whether the clocks skip this time on this day. */
export function skipped(date: string, time: string, zone: string): boolean {
  const at = instantOf(date, time, zone);
  return dateKey(at, zone) !== date || clock24(at, zone) !== time;
}

/** `10:42`, `0:07`: minutes and seconds of a call. */
export function stopwatch(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
}

/** `48 seconds`, `1 min 3 s`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} second${seconds === 1 ? "" : "s"}`;
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)} min${rest === 0 ? "" : ` ${rest} s`}`;
}

/** `London` of `Europe/London`. */
export const city = (zone: string): string => (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");

/** `09:30`: as forms and the API take it. */
export function clock24(instant: Date, zone: string): string {
  const { hour, minute } = wall(instant, zone);
  return `${two(hour)}:${two(minute)}`;
}
