import type { Schemas } from "@/api/client";

/** What a campaign is asked for, as the form holds it. */
export interface Options {
  timing: "immediate" | "scheduled" | "staggered";
  date: string;
  time: string;
  stagger: "15" | "30" | "60" | "120";
  words: string;
  replace: boolean;
  priority: "normal" | "high" | "urgent";
}

export const PLAIN: Options = { timing: "immediate", date: "", time: "", stagger: "60", words: "", replace: false, priority: "normal" };

/** The request of the options; `instant` of a date and time in the business's zone. */
export function requestOf(options: Options, instant: (date: string, time: string) => string, dry: boolean): Schemas["GroupBulkCallRequest"] {
  return {
    call_timing: options.timing,
    dry_run: dry,
    priority_level: options.priority,
    ...(options.timing === "scheduled" && { scheduled_datetime: instant(options.date, options.time) }),
    ...(options.timing === "staggered" && { stagger_duration_minutes: Number(options.stagger) }),
    ...(options.words.trim() && { custom_message_addition: options.words.trim(), replace_message: options.replace }),
  };
}

export const complete = (options: Options): boolean => options.timing !== "scheduled" || (options.date !== "" && options.time !== "");

/** Nothing was chosen or typed yet. */
export const untouched = (options: Options): boolean => JSON.stringify(options) === JSON.stringify(PLAIN);
