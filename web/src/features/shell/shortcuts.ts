import { useEffect } from "react";
import { lettersOn } from "@/features/preferences/look";

export type Shortcuts = Record<string, (event: KeyboardEvent) => void>;

const INPUTS = "input, textarea, select, [contenteditable='true'], [role='textbox'], [role='spinbutton'], [role='searchbox'], [role='combobox']";
const OVERLAYS = "[role='dialog'], [role='alertdialog'], [role='menu'], [role='listbox']";

/** Whether single letters mean shortcuts here: not while typing, and not inside a dialog or menu. */
function free(target: EventTarget | null): boolean {
  return !(target instanceof Element && (target.closest(INPUTS) ?? target.closest(OVERLAYS)));
}

/** Keys by name, `g t` for one after another, `ctrl+k` anywhere. */
export function useShortcuts(shortcuts: Shortcuts): void {
  useEffect(() => {
    let first = "";
    let timer: ReturnType<typeof setTimeout> | undefined;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      if (event.ctrlKey || event.metaKey) {
        const found = shortcuts[`ctrl+${event.shiftKey ? "shift+" : ""}${key}`];
        if (found) {
          event.preventDefault();
          found(event);
        }
        return;
      }
      if (event.altKey || !lettersOn() || !free(event.target)) return;
      const found = shortcuts[`${first} ${key}`.trim()] ?? shortcuts[key];
      clearTimeout(timer);
      if (found) {
        first = "";
        event.preventDefault();
        found(event);
        return;
      }
      first = key;
      timer = setTimeout(() => (first = ""), 1200);
    };
    document.addEventListener("keydown", press);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("keydown", press);
    };
  }, [shortcuts]);
}
