import { createContext, useContext, useEffect, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";
import { forgetAtEnd } from "@/api/session";
import { hiddenPhone, phoneText } from "@/lib/phone";
import { hiddenName } from "@/lib/words";
import { isLeft, screenNow, useScreen } from "./screen";

let hidden = false;
/** While the page goes on paper. */
let printing = false;
/** Whose row is shown all the same. */
let shown: string | null = null;
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const away = (): boolean => hidden || (printing && screenNow().paper === "hidden");

export const isHidden = away;

const Of = createContext<string | null>(null);

/** Whose details stand within: a row that also has `data-contact`, by which it is found under the pointer. */
export const DetailsOf = Of.Provider;

/** Whether names, numbers and notes are hidden from people who look over a shoulder, or find the paper. */
export function useHidden(): boolean {
  const of = useContext(Of);
  const here = () => away() && (of === null || printing || of !== shown);
  return useSyncExternalStore(listen, here, here);
}

/** Shows the details of one person alone, or of nobody any more. */
export function showOnly(contact: string | null): void {
  if (shown === contact) return;
  shown = contact;
  tell();
}

/** What somebody chose, whatever is being printed. */
export const useChosenHidden = (): boolean =>
  useSyncExternalStore(
    listen,
    () => hidden,
    () => hidden,
  );

function hide(next: boolean): void {
  hidden = next;
  shown = null;
  tell();
}

export const toggleHidden = (): void => hide(!hidden);

forgetAtEnd(() => hide(false));

/** Details are hidden on paper unless this device is told otherwise. */
export function startHiding(): void {
  const paper = (on: boolean) => {
    if (printing === on) return;
    printing = on;
    document.documentElement.dataset.paper = screenNow().paper;
    // Within the event: what is printed is the page as it is when the event is over.
    flushSync(tell);
  };
  addEventListener("beforeprint", () => paper(true));
  addEventListener("afterprint", () => paper(false));
  matchMedia("print").addEventListener("change", (change) => paper(change.matches));
}

const TOUCHES = ["pointerdown", "pointermove", "wheel", "keydown"] as const;

/** Hides details again when nobody touched this device for as long as is chosen for it. */
export function useHideWhenLeft(): void {
  const { idle } = useScreen();
  useEffect(() => {
    if (idle === "0") return;
    let touched = Date.now();
    const touch = () => {
      touched = Date.now();
    };
    const timer = setInterval(() => {
      if (hidden || !isLeft(idle, touched, Date.now())) return;
      hide(true);
    }, 5_000);
    for (const each of TOUCHES) addEventListener(each, touch, { passive: true, capture: true });
    return () => {
      clearInterval(timer);
      for (const each of TOUCHES) removeEventListener(each, touch, { capture: true });
    };
  }, [idle]);
}

/** A name for where no component stands, as in a message: hidden if details are hidden now. */
export const saidName = (name: string): string => (away() ? hiddenName(name) : name);

/** The same inside of a sentence or a title. */
export function useSaid(): { name: (name: string) => string; phone: (phone: string | null | undefined) => string } {
  const away = useHidden();
  return { name: away ? hiddenName : (name) => name, phone: away ? hiddenPhone : phoneText };
}

/** A name as typed, in any script. */
export function Name({ children }: { children: string }) {
  const away = useHidden();
  return <bdi>{away ? hiddenName(children) : children}</bdi>;
}

export function Phone({ children }: { children: string | null | undefined }) {
  const away = useHidden();
  return <span className="num">{away ? hiddenPhone(children) : phoneText(children)}</span>;
}

/** Text that is not shown at all while details are hidden. */
export function Detail({ children }: { children: React.ReactNode }) {
  const away = useHidden();
  return away ? <span className="faint">Hidden</span> : children;
}
