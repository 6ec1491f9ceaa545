import { kept } from "@/features/session/kept";
import type { Draft } from "./options";

/** As many as are called at once, as a group; of more that are selected nobody is read. */
export const MOST_OF_GROUP = 1_000;

/** Under which name a half-filled call of selected people is kept over a reload. */
export const FORM = "call-selection";

export interface KeptSelection extends Draft {
  ids: string[];
}

/** Whom somebody was about to call when the page was loaded again. */
export function idsKept(user: string): string[] | null {
  const found = kept(user, FORM) as Partial<KeptSelection> | null;
  return Array.isArray(found?.ids) && found.ids.length > 0 ? found.ids : null;
}
