import { dayAndTime, dayAndTimeWithin } from "@/lib/time";
import { humane, number } from "@/lib/words";
import { STATUS, isStatus } from "../status";
import { fieldWords } from "./changeWords";

type Pair = [field: string, before: unknown, after: unknown];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isPair = (value: unknown): value is [unknown, unknown] => Array.isArray(value) && value.length === 2;

/**
 * What an entry of the history says of before and after. An edit has its fields under `contact` and under each appointment's id; members that came and
 * went have lists under `before` and `after`.
 */
export function pairsOf(details: Record<string, unknown> | null | undefined): Pair[] {
  if (!details) return [];
  const { before, after, ...rest } = details;
  const lists: Pair[] = isObject(before) && isObject(after) ? [...new Set([...Object.keys(before), ...Object.keys(after)])].map((field) => [field, before[field], after[field]]) : [];
  const edits = Object.values(rest).flatMap((part): Pair[] => (isObject(part) ? Object.entries(part).flatMap(([field, pair]): Pair[] => (isPair(pair) ? [[field, ...pair]] : [])) : []));
  return [...lists, ...edits].filter(([, was, is]) => !(isNothing(was) && isNothing(is)));
}

const isNothing = (value: unknown): boolean => value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0) || (isObject(value) && Object.values(value).every(isNothing));

/** What stands for ids, and where and when somebody reads. */
export interface Names {
  group: (id: string) => string | undefined;
  person: (id: string) => string | undefined;
  place: (id: string) => string | undefined;
  zone: string;
  now: Date;
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
const isInstant = (value: unknown): value is string => typeof value === "string" && INSTANT.test(value);
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const WORDS = new Set(["priority", "preferred_contact_method", "attendance", "confirmation", "method"]);

/** A value in words; ids never, but what they stand for. */
export function valueWords(field: string, value: unknown, names: Names): string {
  if (isNothing(value)) return "nothing";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return field === "appointment_duration" ? `${number(value)} min` : number(value);
  if (Array.isArray(value)) return value.map((each) => valueWords(field, each, names)).join(", ");
  if (isObject(value)) {
    return Object.entries(value)
      // The time says it already.
      .filter(([key, each]) => key !== "minutes_before" && !isNothing(each))
      .map(([key, each]) => `${fieldWords(key)} ${isInstant(each) ? dayAndTimeWithin(new Date(each), names.zone, names.now) : valueWords(key, each, names)}`)
      .join(", ");
  }
  if (typeof value !== "string") return "something";
  if (ID.test(value)) {
    if (field === "group_ids") return names.group(value) ?? "a group that is gone";
    if (field === "location_id") return names.place(value) ?? "a place that is gone";
    if (field === "merged_into" || field === "merged_from") return "another record";
    return names.person(value) ?? "somebody";
  }
  if (field === "appointment_status" && isStatus(value)) return STATUS[value].word;
  if (isInstant(value)) return dayAndTime(new Date(value), names.zone, names.now);
  return WORDS.has(field) ? humane(value).toLowerCase() : value;
}
