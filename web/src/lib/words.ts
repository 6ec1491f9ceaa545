/** What a business calls the people it sees. */
export interface Nouns {
  one: string;
  many: string;
  One: string;
  Many: string;
}

const NOUNS: Record<string, [string, string]> = { medical: ["patient", "patients"], salon: ["client", "clients"], consultant: ["client", "clients"], restaurant: ["guest", "guests"] };

export function nounsOf(businessType: string | undefined): Nouns {
  const [one, many] = NOUNS[businessType ?? ""] ?? ["contact", "contacts"];
  return { one, many, One: capital(one), Many: capital(many) };
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `1 person`, `20 people`, `100,482 patients`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** As wide as a number of two digits: its place while it is read. */
export const BLANK = "\u2007\u2007";

export const number = (value: number): string => value.toLocaleString("en-GB");

/** `voice_consent` as `Voice consent`. */
export const humane = (name: string): string => capital(name.replaceAll("_", " ").replaceAll(".", " "));

/** `EW` of `Eleanor Whitcombe`. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => (word ? [...word][0] : "")).join("").toUpperCase();
}

/** `Ngozi O.` of `Ngozi Okafor`: what is shown while details are hidden. */
export function hiddenName(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const last = words.length > 1 ? [...(words.at(-1) ?? "")][0] : undefined;
  return last === undefined ? (words[0] ?? "") : `${words[0] ?? ""} ${last}.`;
}

export function joined(list: string[]): string {
  if (list.length < 2) return list[0] ?? "";
  return `${list.slice(0, -1).join(", ")} and ${list.at(-1) ?? ""}`;
}

export function money(minor: number, currency: string): string {
  if (currency === "GBP" && minor < 100) return `${minor}p`;
  return new Intl.NumberFormat("en-GB", { style: "currency", currency }).format(minor / 100);
}

/** How long to wait, rounded up: nobody comes back too early. */
export const waitWords = (seconds: number): string => (seconds < 90 ? count(Math.max(1, Math.ceil(seconds)), "second") : count(Math.ceil(seconds / 60), "minute"));
