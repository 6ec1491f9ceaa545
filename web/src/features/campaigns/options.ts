import type { Schemas } from "@/api/client";

/** What a campaign is asked for, as the form holds it. */
export interface Options {
  start: "now" | "time";
  date: string;
  time: string;
  pace: "fast" | "spread" | "every";
  /** Minutes over which calls are spread. */
  stagger: "15" | "30" | "60" | "120";
  /** Minutes from one call to the next. */
  every: string;
  /** Nobody is called earlier than so many hours before their appointment. */
  hours: string;
  words: string;
  replace: boolean;
  priority: "normal" | "high" | "urgent";
}

export const PLAIN: Options = { start: "now", date: "", time: "", pace: "fast", stagger: "60", every: "5", hours: "", words: "", replace: false, priority: "normal" };

export const MOST_WORDS = 200;
export const PRIORITY = { normal: "Normal", high: "High", urgent: "Urgent: before other calls" } as const;

/** Calls that begin at a set time are not spread: the API has one or the other. */
export const paceOf = ({ start, pace }: Options): Options["pace"] => (start === "time" && pace === "spread" ? "fast" : pace);

/** The request of the options; `instant` of a date and time in the business's zone. */
export function requestOf(options: Options, instant: (date: string, time: string) => string, dry: boolean): Schemas["GroupBulkCallRequest"] {
  const pace = paceOf(options);
  return {
    call_timing: options.start === "time" ? "scheduled" : pace === "spread" ? "staggered" : "immediate",
    dry_run: dry,
    priority_level: options.priority,
    ...(options.start === "time" && { scheduled_datetime: instant(options.date, options.time) }),
    ...(pace === "spread" && { stagger_duration_minutes: Number(options.stagger) }),
    ...(pace === "every" && { call_interval_minutes: Number(options.every) }),
    ...(options.hours && { override_call_timing: true, custom_hours_before: Number(options.hours) }),
    ...(options.words.trim() && { custom_message_addition: options.words.trim(), replace_message: options.replace }),
  };
}

export type Fault = "date" | "time" | "every" | "hours" | "words";

/** What is missing or wrong, by field; `past` says of a date and time whether it is over. */
export function faultsOf(options: Options, past: (date: string, time: string) => boolean): Partial<Record<Fault, string>> {
  const whole = (text: string, most: number) => /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= most;
  return {
    ...(options.start === "time" && !options.date && { date: "Say on which day." }),
    ...(options.start === "time" && !options.time && { time: "Say at what time." }),
    ...(options.start === "time" && options.date && options.time && past(options.date, options.time) && { time: "This time has passed." }),
    ...(paceOf(options) === "every" && !whole(options.every, 1440) && { every: "1 to 1,440 minutes." }),
    ...(options.hours && !whole(options.hours, 168) && { hours: "1 to 168 hours." }),
    ...(options.words.trim().length > MOST_WORDS && { words: `At most ${String(MOST_WORDS)} characters.` }),
  };
}

/** The API's names of the fields. */
const FIELDS: Record<string, Fault> = { scheduled_datetime: "time", call_interval_minutes: "every", custom_hours_before: "hours", custom_message_addition: "words" };

/** What the API found wrong, by the form's fields. */
export const faultsFrom = (errors: Record<string, string>): Partial<Record<Fault, string>> => Object.fromEntries(Object.entries(errors).flatMap(([field, detail]) => (FIELDS[field] ? [[FIELDS[field], detail]] : [])));

export const STEPS = [
  { id: "who", name: "Who" },
  { id: "when", name: "When" },
  { id: "words", name: "Words" },
  { id: "check", name: "Check and start" },
] as const;
export type Step = (typeof STEPS)[number]["id"];

export const placeOf = (step: Step): number => STEPS.findIndex(({ id }) => id === step);

export const stepOf = (fault: Fault): Step => (fault === "words" ? "words" : "when");

/** The first step before another one in which something is wrong. */
export const wrongBefore = (faults: Partial<Record<Fault, string>>, to: Step): Step | undefined => {
  const wrong = Object.keys(faults).map((each) => stepOf(each as Fault));
  return STEPS.find(({ id }) => wrong.includes(id) && placeOf(id) < placeOf(to))?.id;
};

/** What somebody has entered so far, and where they are. */
export interface Draft {
  options: Options;
  step: Step;
}

export const BEGINNING: Draft = { options: PLAIN, step: "who" };

/** Nothing was chosen or typed yet. */
export const untouched = (options: Options): boolean => JSON.stringify(options) === JSON.stringify(PLAIN);
