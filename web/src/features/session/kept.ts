import { session } from "@/api/session";

/**
 * Half-filled forms, so that a reload loses nothing. They hold personal data, on computers that several people use: they are in
 * this tab's `sessionStorage` and nowhere else, belong to one user, and go when they are saved or left, when the session ends for whatever
 * reason, and half an hour after the last key. docs/console.md says why.
 */
const PREFIX = "vio.form.";
export const KEPT_FOR = 30 * 60_000;

interface Kept {
  user: string;
  at: number;
  value: unknown;
}

function read(key: string): Kept | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "null") as Partial<Kept> | null;
    return kept && typeof kept.user === "string" && typeof kept.at === "number" ? { user: kept.user, at: kept.at, value: kept.value } : null;
  } catch {
    return null;
  }
}

const fresh = (kept: Kept): boolean => Math.abs(Date.now() - kept.at) < KEPT_FOR;

export function keep(user: string, form: string, value: unknown): void {
  try {
    sessionStorage.setItem(PREFIX + form, JSON.stringify({ user, at: Date.now(), value } satisfies Kept));
  } catch {
    // Without room, or where storage is switched off, a reload loses what was typed, as it does everywhere.
  }
}

/** What this user had typed into this form before the page was loaded. */
export function kept(user: string, form: string): unknown {
  const found = read(PREFIX + form);
  if (!found) return null;
  if (found.user === user && fresh(found)) return found.value;
  drop(form);
  return null;
}

export const drop = (form: string): void => sessionStorage.removeItem(PREFIX + form);

function sweep(all: boolean): void {
  for (const key of Object.keys(sessionStorage)) {
    if (!key.startsWith(PREFIX)) continue;
    const found = read(key);
    if (all || !found || !fresh(found)) sessionStorage.removeItem(key);
  }
}

/** Forgets what is too old, and everything as soon as nobody is signed in. */
export function startKept(): void {
  sweep(false);
  setInterval(() => sweep(false), 60_000);
  session.subscribe(() => {
    const { status } = session.get();
    if (status === "out" || status === "expired") sweep(true);
  });
}
