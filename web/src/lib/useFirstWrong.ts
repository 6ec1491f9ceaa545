import { useEffect } from "react";
import type { Refusal } from "@/api/problem";

/** Takes whoever saved to the first field that was found wrong, in the dialog on top or in the page. */
export function useFirstWrong(refusal: Refusal | null): void {
  useEffect(() => {
    if (!refusal || refusal.fields.length === 0) return;
    // Once the fields are marked, and those folded away are there.
    const timer = setTimeout(() => {
      const place = [...document.querySelectorAll("main, [role='dialog']")].at(-1);
      place?.querySelector<HTMLElement>("[aria-invalid='true'], [data-invalid] button")?.focus();
    });
    return () => clearTimeout(timer);
  }, [refusal]);
}
