import { phoneText } from "@/lib/phone";
import { date } from "@/lib/time";
import { humane } from "@/lib/words";

/** A field of an industry's form, as `GET /forms` describes it. */
export interface FormField {
  name: string;
  label: string;
  type: string;
  required: boolean;
  sensitive: boolean;
  max_length?: number;
  min?: number;
  max?: number;
  options?: { label: string; value: string }[];
}

export interface FormShape {
  form: string;
  label: string;
  fields: FormField[];
}

export interface Forms {
  default_form?: string | null | undefined;
  forms: FormShape[];
}

/** The form of somebody's industry, or of the business where they have none of their own: as the API chooses it. */
export const formOf = ({ forms, default_form: usual }: Forms, industry: string | null | undefined): FormShape | undefined => forms.find((each) => each.form === industry) ?? forms.find((each) => each.form === usual);

/** The industries there are to choose from; the business's own is said to be that. One that has no form, as programs may send it, stays what it is. */
export function industries(all: Forms, own: string | undefined): { id: string; name: string }[] {
  const named = all.forms.map(({ form, label }) => ({ id: form, name: form === all.default_form ? `${label}, as your business` : label }));
  return own && !all.forms.some(({ form }) => form === own) ? [{ id: own, name: humane(own) }, ...named] : named;
}

type Values = Record<string, unknown>;

/**
 * What was filled in, under another form: what was saved before stays with the person, and so does what no form asks. What was only typed
 * for a form that is not chosen any more is put aside, and comes back with it.
 */
export function switched({ forms }: Forms, to: string | undefined, values: { custom: Values; aside: Values }, saved: Values): { custom: Values; aside: Values } {
  const asks = (form: string | undefined, name: string) => forms.some((each) => (form === undefined || each.form === form) && each.fields.some((field) => field.name === name));
  const all = Object.entries({ ...values.aside, ...values.custom });
  const stays = ([name]: [string, unknown]) => name in saved || (to !== undefined && asks(to, name)) || !asks(undefined, name);
  return { custom: Object.fromEntries(all.filter(stays)), aside: Object.fromEntries(all.filter((each) => !stays(each))) };
}

/** What may be entered, where that is not plain from the field: `1 to 100`. */
export function limits({ min, max }: FormField): string | undefined {
  if (min !== undefined && max !== undefined) return `${String(min)} to ${String(max)}`;
  if (min !== undefined) return `${String(min)} or more`;
  return max === undefined ? undefined : `${String(max)} or less`;
}

/** A number as soon as it is one and is written in one way only: of what is being typed nothing is lost. */
export const numberOf = (typed: string): number | string => (String(Number(typed)) === typed.trim() ? Number(typed) : typed);

export interface Told {
  name: string;
  text: string;
  /** Not to be read over a shoulder. */
  sensitive: boolean;
  long: boolean;
}

const LONG = 40;

/** What is known of somebody by their industry's form, in its order and words, and what programs of the business keep besides. */
export function toldOf(form: FormShape | undefined, values: Record<string, unknown>): Told[] {
  const fields = form?.fields ?? [];
  const told = (name: string, text: string, sensitive: boolean): Told[] => (text ? [{ name, text, sensitive, long: text.length > LONG || text.includes("\n") }] : []);
  const own = Object.entries(values).filter(([name]) => !fields.some((each) => each.name === name));
  return [...fields.flatMap((field) => told(field.label, words(field, values[field.name]), field.sensitive)), ...own.flatMap(([name, value]) => told(humane(name), plain(value), true))];
}

function words(field: FormField, value: unknown): string {
  const text = plain(value);
  switch (field.type) {
    case "date":
      return /^\d{4}-\d\d-\d\d$/.test(text) ? date(text) : text;
    case "select":
      return field.options?.find((each) => each.value === text)?.label ?? text;
    case "phone":
      return text && phoneText(text);
    default:
      return text;
  }
}

/** Texts, numbers and what is yes or no; lists of them. What lies deeper is for programs. */
function plain(value: unknown): string {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "Yes" : "No";
  return Array.isArray(value) ? value.map(plain).filter(Boolean).join(", ") : "";
}
