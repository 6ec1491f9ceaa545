import { api, body, type Schemas } from "@/api/client";
import { forgetAtEnd } from "@/api/session";
import type { Look } from "./look";

type View = Schemas["PreferencesView"];
export type PreferencesPatch = Schemas["PreferencesPatch"];

const BRANDS = { "#10B981": "green", "#3B82F6": "blue", "#8B5CF6": "purple", "#F59E0B": "orange", "#6B7280": "grey" } as const;
const TEXTS = { small: "14", medium: "16", large: "18", extra_large: "20" } as const;
const MENUS = { always_expanded: "words", auto_collapse: "auto", always_collapsed: "icons" } as const;
const LISTS = { grid: "cards", list: "table", compact: "list" } as const;
const RATES = ["30", "60", "300", "900", "0"] as const;
const THEMES = { light: "light", dark: "dark", auto: "system" } as const;

/** Which figures are shown, by the names that the account has for them. */
const FIGURES = { rates: "show_call_success_rates", trends: "show_appointment_trends", growth: "show_contact_growth" } as const;
const FIGURE = Object.keys(FIGURES) as (keyof typeof FIGURES)[];

const keyOf = (names: Record<string, string>, wanted: string): string | undefined => Object.entries(names).find(([, each]) => each === wanted)?.[0];

/** The account's preferences as the look of this console. */
export function lookOf(view: View): Partial<Look> {
  const of = <T extends Record<string, string>>(names: T, name: string): T[keyof T] | undefined => names[name as keyof T];
  const theme = of(THEMES, view.theme);
  const brand = of(BRANDS, view.primary_color);
  const text = of(TEXTS, view.font_size);
  const menu = of(MENUS, view.sidebar_behavior);
  const contacts = of(LISTS, view.default_contact_view);
  const rate = RATES.find((each) => each === String(view.dashboard_refresh_rate));
  return {
    ...(theme && { theme }),
    ...(brand && { brand }),
    ...(text && { text }),
    ...(menu && { menu }),
    ...(contacts && { contacts }),
    fresh: view.real_time_updates ? "live" : (rate ?? "300"),
    clock: view.time_format === "24_hour" ? "24" : "12",
    density: view.density as Look["density"],
    contrast: view.high_contrast_mode ? "high" : "system",
    motion: view.reduced_motion ? "reduced" : "system",
    pages: view.scroll_lists ? "scroll" : (String(view.items_per_page) as Look["pages"]),
    ...Object.fromEntries(FIGURE.map((each) => [each, view[FIGURES[each]] ? "shown" : "hidden"])),
    letters: view.letter_shortcuts ? "on" : "off",
    start: view.default_dashboard_view === "contacts" || view.default_dashboard_view === "calls" ? view.default_dashboard_view : "overview",
  };
}

/** What changed of the look, as the account keeps it. */
export function patchOf(change: Partial<Look>): PreferencesPatch {
  const patch: PreferencesPatch = {};
  if (change.theme) patch.theme = keyOf(THEMES, change.theme) ?? "auto";
  if (change.brand) patch.primary_color = keyOf(BRANDS, change.brand) ?? null;
  if (change.text) patch.font_size = keyOf(TEXTS, change.text) ?? "medium";
  if (change.clock) patch.time_format = `${change.clock}_hour`;
  if (change.density) patch.density = change.density;
  if (change.contrast) patch.high_contrast_mode = change.contrast === "high";
  if (change.motion) patch.reduced_motion = change.motion === "reduced";
  if (change.pages) Object.assign(patch, change.pages === "scroll" ? { scroll_lists: true } : { scroll_lists: false, items_per_page: Number(change.pages) });
  if (change.letters) patch.letter_shortcuts = change.letters === "on";
  for (const each of FIGURE) if (change[each]) patch[FIGURES[each]] = change[each] === "shown";
  if (change.start) patch.default_dashboard_view = change.start;
  if (change.menu) patch.sidebar_behavior = keyOf(MENUS, change.menu) ?? null;
  if (change.contacts) patch.default_contact_view = keyOf(LISTS, change.contacts) ?? null;
  if (change.fresh) Object.assign(patch, change.fresh === "live" ? { real_time_updates: true } : { real_time_updates: false, dashboard_refresh_rate: Number(change.fresh) });
  return patch;
}

export const readPreferences = () => body(api.GET("/api/users/preferences"));

const WAIT = 800;
let waiting: PreferencesPatch | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Whether something was changed here that the account does not know of yet. */
export const isWaiting = (): boolean => waiting !== null;

async function send(): Promise<void> {
  const sent = waiting;
  if (!sent) return;
  waiting = null;
  try {
    await api.PATCH("/api/users/preferences", { body: sent });
  } catch {
    // The copy on this device has it; the next change takes it along.
    waiting = { ...sent, ...(waiting as PreferencesPatch | null) };
  }
}

/** Keeps a change with the account, together with others of the same moment. */
export function keepPreferences(change: PreferencesPatch): void {
  waiting = { ...waiting, ...change };
  clearTimeout(timer);
  timer = setTimeout(() => void send(), WAIT);
}

// What did not get through is not kept with the next one's account.
forgetAtEnd(() => {
  waiting = null;
  clearTimeout(timer);
});
