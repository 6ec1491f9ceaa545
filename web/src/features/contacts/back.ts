import { useNavigate, useRouter } from "@tanstack/react-router";
import { forgetAtEnd } from "@/api/session";

/** Where the table stood last, and whose record is being left for it. Ids and places only. */
let table: { list: string; place: number; id: string | undefined } | null = null;
let returning: string | null = null;

forgetAtEnd(() => {
  table = null;
  returning = null;
});

export function standAt(list: string, place: number, id: string | undefined): void {
  table = { list, place, id };
}

/** The row to begin at: the one whose record was left for this list, however far down it is. */
export const placeIn = (list: string): number => (returning !== null && table?.list === list && table.id === returning ? table.place : 0);

/** How long the list may take until it shows the row again. */
const WAIT = 5_000;

function focusAgain(id: string): void {
  returning = id;
  const from = location.pathname;
  const until = Date.now() + WAIT;
  const stop = () => {
    clearInterval(timer);
    returning = null;
    for (const event of ["keydown", "pointerdown"]) removeEventListener(event, stop, true);
  };
  const timer = setInterval(() => {
    if (Date.now() > until) stop();
    const row = location.pathname === from ? null : document.querySelector<HTMLElement>(`main [data-contact="${CSS.escape(id)}"], main a[href="/contacts/${CSS.escape(id)}"]`);
    if (!row) return;
    stop();
    row.focus();
  }, 50);
  // Whoever goes on meanwhile is not called back.
  for (const event of ["keydown", "pointerdown"]) addEventListener(event, stop, true);
}

/** Back to where a record was opened from, with the focus on the row that it has there. */
export function useBack(id: string): () => void {
  const { history } = useRouter();
  const navigate = useNavigate();
  return () => {
    focusAgain(id);
    if (history.canGoBack()) history.back();
    else void navigate({ to: "/contacts" });
  };
}
