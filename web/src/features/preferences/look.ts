import { useSyncExternalStore } from "react";
import { writeTimes } from "@/lib/time";

/** How the console looks to this user. Nothing personal is in it. It is kept with the account; the copy on this device is there from the first paint. */
export interface Look {
  theme: "system" | "light" | "dark";
  contrast: "system" | "high";
  text: "14" | "16" | "18" | "20";
  /** How times of day are written. */
  clock: "12" | "24";
  density: "compact" | "comfortable" | "spacious";
  brand: "green" | "blue" | "purple" | "orange" | "grey";
  motion: "system" | "reduced";
  /** A list is scrolled to its end, or has numbered pages of so many. */
  pages: "scroll" | "10" | "25" | "50" | "100";
  /** Single letters as shortcuts (WCAG 2.1.4: they can be switched off). */
  letters: "on" | "off";
  /** What opens after signing in. */
  start: "overview" | "contacts" | "calls";
  /** The menu with words, with icons alone, or with words where there is room. */
  menu: "words" | "auto" | "icons";
  /** How contacts are listed where the address says nothing. */
  contacts: "cards" | "table" | "list";
  /** Changes are shown as they happen, or asked for every so many seconds; 0: only when somebody asks. */
  fresh: "live" | "30" | "60" | "300" | "900" | "0";
  /** Which figures are shown: how many calls were answered and confirmed in percent, how that went over time, how many people came. */
  rates: "shown" | "hidden";
  trends: "shown" | "hidden";
  growth: "shown" | "hidden";
}

const PLAIN: Look = { theme: "system", contrast: "system", text: "16", clock: "12", density: "comfortable", brand: "green", motion: "system", pages: "scroll", letters: "on", start: "overview", menu: "auto", contacts: "cards", fresh: "live", rates: "shown", trends: "shown", growth: "shown" };
const KEY = "vio.look";

function read(): Look {
  try {
    return { ...PLAIN, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Look>) };
  } catch {
    return PLAIN;
  }
}

let look: Look = typeof localStorage === "undefined" ? PLAIN : read();
const listeners = new Set<() => void>();

/** The same as public/look.js does before the first paint. */
function apply(): void {
  const root = document.documentElement;
  const dark = look.theme === "dark" || (look.theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  const high = look.contrast === "high" || matchMedia("(prefers-contrast: more)").matches;
  root.dataset.theme = high ? "high" : dark ? "dark" : "light";
  root.dataset.text = look.text;
  writeTimes(look.clock === "24");
  root.dataset.density = look.density;
  root.dataset.brand = look.brand;
  root.dataset.motion = look.motion;
}

let told: (change: Partial<Look>) => void = () => undefined;

/** Whoever keeps the look elsewhere is told of what this user changes. */
export function tellLook(teller: (change: Partial<Look>) => void): () => void {
  told = teller;
  return () => {
    told = () => undefined;
  };
}

/** Takes over a look that is known elsewhere already. */
export function adoptLook(next: Partial<Look>): void {
  look = { ...look, ...next };
  localStorage.setItem(KEY, JSON.stringify(look));
  apply();
  for (const listener of listeners) listener();
}

export function setLook(change: Partial<Look>): void {
  adoptLook(change);
  told(change);
}

const STARTS = { overview: "/today", contacts: "/contacts", calls: "/calls" } as const;

/** Where a user begins. */
export const startPage = (): "/today" | "/contacts" | "/calls" => STARTS[look.start];

export function startLook(): void {
  apply();
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) matchMedia(query).addEventListener("change", apply);
  addEventListener("storage", (event) => {
    if (event.key !== KEY) return;
    look = read();
    apply();
    for (const listener of listeners) listener();
  });
}

export const useLook = (): Look =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => look,
  );

export const lettersOn = (): boolean => look.letters === "on";
