import { useEffect } from "react";
import { lettersOn } from "@/features/preferences/look";
import { heard, isEditing, isModifier, mayRepeat, waits, type Prefix } from "./chord";

export type Shortcuts = Record<string, (event: KeyboardEvent) => void>;

const FIELDS = "input:not([type='checkbox'], [type='radio']), textarea, select, [contenteditable='true'], [role='textbox'], [role='spinbutton'], [role='searchbox'], [role='combobox']";
const OVERLAYS = "[role='dialog'], [role='alertdialog'], [role='menu'], [role='listbox']";

/** Whether single letters mean shortcuts here: not while typing, and not inside a dialog or menu. */
function free(target: EventTarget | null): boolean {
  return !(target instanceof Element && (target.closest(FIELDS) ?? target.closest(OVERLAYS)));
}

const nameOf = (event: KeyboardEvent): string => (event.key.length === 1 ? event.key.toLowerCase() : event.key);

/** Those of everything that is shown: one prefix for all of them, or the second key of a pair is somebody else's single one. */
const shown = new Set<Shortcuts>();
let prefix: Prefix | null = null;

function run(name: string, event: KeyboardEvent): void {
  const found = [...shown].reverse().find((each) => each[name])?.[name];
  if (!found) return;
  event.preventDefault();
  if (!event.repeat || mayRepeat(name)) found(event);
}

/** The second key of a pair, before a row or anything else that takes single letters hears of it. */
function second(event: KeyboardEvent): void {
  if (isModifier(event.key)) return;
  // Tab, Enter, the space bar and arrows are no letters, and do what they do; Escape takes the prefix back.
  const own = (event.key.length > 1 && event.key !== "Escape") || event.key === " ";
  if (own || !waits(prefix, event.timeStamp) || event.ctrlKey || event.metaKey || event.altKey || !lettersOn() || !free(event.target)) {
    prefix = null;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  // The prefix, held down.
  if (event.repeat) return;
  const { name, prefix: next } = heard(prefix, nameOf(event), event.timeStamp);
  prefix = next;
  if (name) run(name, event);
}

function single(event: KeyboardEvent): void {
  if (event.defaultPrevented || isModifier(event.key)) return;
  const key = nameOf(event);
  if (event.ctrlKey || event.metaKey) {
    const name = `ctrl+${event.shiftKey ? "shift+" : ""}${key}`;
    if (!event.altKey && (free(event.target) || !isEditing(name))) run(name, event);
    return;
  }
  // Letters can be switched off; Escape and its like are none.
  if (event.altKey || (key.length === 1 && !lettersOn()) || !free(event.target)) return;
  const { name, prefix: next } = heard(null, key, event.timeStamp);
  prefix = event.repeat ? null : next;
  if (name) run(name, event);
}

/** Keys by name, `g t` for one after another, `ctrl+k` anywhere. */
export function useShortcuts(shortcuts: Shortcuts): void {
  useEffect(() => {
    if (shown.size === 0) {
      addEventListener("keydown", second, true);
      document.addEventListener("keydown", single);
    }
    shown.add(shortcuts);
    return () => {
      shown.delete(shortcuts);
      if (shown.size > 0) return;
      removeEventListener("keydown", second, true);
      document.removeEventListener("keydown", single);
      prefix = null;
    };
  }, [shortcuts]);
}
