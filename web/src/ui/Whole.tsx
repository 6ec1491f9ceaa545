import { useEffect, useRef, useState } from "react";
import css from "./Whole.module.css";

/** What may be cut: everything that ends in dots, and what says that it may be, or which words it stands for. */
const MAY = ".truncate, [data-whole]";

/** Whoever moves on has no use for it: nothing is measured before the pointer or the focus rests, in ms. */
const RESTS = 300;
/** So long the pointer may be under way from the words to their card, in ms. */
const UNDER_WAY = 120;

const isCut = (element: HTMLElement): boolean => Boolean(element.dataset.whole) || (element.clientWidth > 0 && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 4));
const wordsOf = (element: HTMLElement): string => element.dataset.whole || element.textContent;

/** What belongs to the place that has the focus: all of a table's row, or the words of a link or button. */
function within(focused: Element): HTMLElement[] {
  const row = focused.closest("[role=row], tr") ?? focused;
  const cut = [...new Set([...around(focused), ...row.querySelectorAll<HTMLElement>(MAY)])].filter(isCut);
  return cut.filter((each) => !cut.some((other) => other !== each && other.contains(each)));
}

/** What the pointer is on, from the words themselves to what holds them. */
function around(element: Element): HTMLElement[] {
  const own = element.closest<HTMLElement>(MAY);
  return own ? [own, ...(own.parentElement ? around(own.parentElement) : [])] : [];
}

interface Shown {
  texts: string[];
  left: number;
  /** From the top of the window for one below its words, from the bottom for one above them. */
  top?: number;
  bottom?: number;
}

function place(cut: HTMLElement[]): Shown | null {
  const first = cut[0];
  if (!first) return null;
  const { left, top, bottom } = first.getBoundingClientRect();
  const room = Math.max(8, Math.min(left - 10, innerWidth - 320));
  // Above, so that the next rows can be read; where there is no room, below.
  return { texts: cut.map(wordsOf), left: room, ...(top > 120 ? { bottom: innerHeight - top } : { top: bottom }) };
}

/**
 * The whole of what a table or a list has no room for, in a card above it: when the pointer rests on the words or the focus comes to their row.
 * One for all the page, which costs a row nothing. Esc puts it away; the pointer may go onto it.
 */
export function Whole() {
  const card = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let pointed: HTMLElement | null = null;
    const after = (milliseconds: number, next: () => Shown | null) => {
      clearTimeout(timer);
      timer = setTimeout(() => setShown(next()), milliseconds);
    };
    const away = () => {
      clearTimeout(timer);
      pointed = null;
      setShown(null);
    };
    const over = ({ target, pointerType }: PointerEvent) => {
      if (pointerType !== "mouse" || !(target instanceof Element)) return;
      if (card.current?.contains(target)) {
        clearTimeout(timer);
        return;
      }
      const next = target.closest<HTMLElement>(MAY);
      if (!next && !pointed) return;
      pointed = next;
      after(next ? RESTS : UNDER_WAY, () => (next?.isConnected ? place(around(next).filter(isCut).slice(0, 1)) : null));
    };
    const focus = () => {
      away();
      const focused = document.activeElement;
      if (focused?.matches(":focus-visible")) after(RESTS, () => (document.activeElement === focused ? place(within(focused)) : null));
    };
    const key = (event: KeyboardEvent) => {
      if (event.key === "Escape") away();
    };
    document.addEventListener("pointerover", over);
    document.addEventListener("focusin", focus);
    document.addEventListener("focusout", away);
    document.addEventListener("keydown", key, true);
    // A row that the focus comes to may be scrolled to after that.
    document.addEventListener("scroll", focus, true);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("pointerover", over);
      document.removeEventListener("focusin", focus);
      document.removeEventListener("focusout", away);
      document.removeEventListener("keydown", key, true);
      document.removeEventListener("scroll", focus, true);
    };
  }, []);
  if (!shown) return null;
  const { texts, ...at } = shown;
  return (
    <div ref={card} role="tooltip" className={`${css.whole ?? ""} no-print`} style={{ ...at, maxWidth: `min(30rem, calc(100vw - ${String(at.left + 8)}px))` }}>
      {texts.map((text) => (
        <span key={text} dir="auto">
          {text}
        </span>
      ))}
    </div>
  );
}
