import { useEffect } from "react";
import { api, body } from "@/api/client";
import { showOnly, useChosenHidden } from "./hidden";

/** How long somebody rests on a row before it is shown: a hand that only passes asks for nobody. */
const REST = 600;

/**
 * While details are hidden, the row that the pointer or the focus rests on, or that is held under a finger, is shown until it is left. Its record is read for it, so that
 * whom somebody looked at is in the access log like any record that was opened.
 */
export function useReveal(): void {
  const hidden = useChosenHidden();
  useEffect(() => {
    if (!hidden) return;
    let wanted: string | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const want = (target: EventTarget | null) => {
      const row = target instanceof Element ? target.closest<HTMLElement>("[data-contact]") : null;
      const next = row?.dataset.contact ?? null;
      if (next === wanted) return;
      wanted = next;
      clearTimeout(timer);
      showOnly(null);
      if (next !== null) timer = setTimeout(() => void show(next), REST);
    };
    const show = async (contact: string) => {
      try {
        await body(api.GET("/api/contacts/{contact_id}", { params: { path: { contact_id: contact } } }));
      } catch {
        // Nobody is shown whose showing is not written down.
        return;
      }
      if (wanted === contact) showOnly(contact);
    };
    const over = (event: PointerEvent) => event.pointerType === "mouse" && want(event.target);
    const out = (event: PointerEvent) => event.relatedTarget === null && want(null);
    const down = (event: PointerEvent) => event.pointerType !== "mouse" && want(event.target);
    const up = (event: PointerEvent) => event.pointerType !== "mouse" && want(null);
    const focus = (event: FocusEvent) => event.target instanceof Element && event.target.matches(":focus-visible") && want(event.target);
    const blur = (event: FocusEvent) => event.relatedTarget === null && want(null);
    const listeners = { pointerover: over, pointerout: out, pointerdown: down, pointerup: up, pointercancel: up, focusin: focus, focusout: blur } as unknown as Record<string, EventListener>;
    for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);
    return () => {
      clearTimeout(timer);
      showOnly(null);
      for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener);
    };
  }, [hidden]);
}
