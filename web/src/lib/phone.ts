/** The country whose numbers the business writes without its code: what is shown can be typed there, and is understood. */
let home = "GB";

export function writeNumbersFrom(country: string): void {
  home = country;
}

/** Numbers in the groups that people read aloud. */
export function phoneText(e164: string | null | undefined): string {
  if (!e164) return "No phone";
  if (!e164.startsWith("+44") || home !== "GB") return international(e164);
  const rest = e164.slice(3);
  if (/^7\d{9}$/.test(rest)) return `0${rest.slice(0, 4)} ${rest.slice(4)}`;
  if (/^2\d{9}$/.test(rest)) return `0${rest.slice(0, 2)} ${rest.slice(2, 6)} ${rest.slice(6)}`;
  if (/^(11\d|1\d1)\d{7}$/.test(rest)) return `0${rest.slice(0, 3)} ${rest.slice(3, 6)} ${rest.slice(6)}`;
  if (/^[389]\d{9}$/.test(rest)) return `0${rest.slice(0, 3)} ${rest.slice(3, 6)} ${rest.slice(6)}`;
  if (/^1\d{8,9}$/.test(rest)) return `0${rest.slice(0, 4)} ${rest.slice(4)}`;
  return `0${rest}`;
}

/** A part of a number, counted as E.164 writes it, where `phoneText` shows it. */
export function phonePart(e164: string, { start, end }: { start: number; end: number }): { start: number; end: number } | null {
  const places = [...phoneText(e164).matchAll(/\d/g)].map((each) => each.index);
  // A digit before it where the country's code is not written; the plus is none.
  const beyond = places.length - (e164.length - 1) - 1;
  const from = places[Math.max(0, start + beyond)];
  const last = places[Math.min(places.length - 1, end - 1 + beyond)];
  return from === undefined || last === undefined || last < from ? null : { start: from, end: last + 1 };
}

function international(e164: string): string {
  const digits = e164.replace(/^\+/, "");
  const code = /^(1|7|2[07]|3[0-469]|4[0-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/.exec(digits)?.[0] ?? digits.slice(0, 3);
  const rest = digits.slice(code.length);
  const groups = rest.match(/.{1,3}/g) ?? [];
  return `+${code} ${groups.join(" ")}`;
}

/** `07... ...412`: what is shown while details are hidden. */
export function hiddenPhone(e164: string | null | undefined): string {
  const text = phoneText(e164);
  return e164 ? `${text.slice(0, 2)}… …${text.slice(-3)}` : text;
}
