import { ArrowUp } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode, type Ref } from "react";
import { number } from "@/lib/words";
import { Button } from "./Button";
import css from "./LiveRows.module.css";
import { steady } from "./steady";

interface LiveRowsProps<T> {
  /** The whole list, in its order. */
  items: readonly T[];
  keyOf: (item: T) => string;
  /** Which list it is; another one has nothing to do with the one before. */
  of: string;
  /** How many are shown of it. */
  most?: number | undefined;
  /** A row; `came` is its class for the second in which it is new. */
  children: (item: T, came: string | undefined) => ReactNode;
  ref?: Ref<HTMLUListElement>;
}

interface Hand {
  of: string;
  keys: readonly string[];
}

/**
 * Rows that change by themselves. They do not move while the pointer is on them or the keyboard within them, so that nobody rings or ticks off
 * somebody else than they looked at: what came meanwhile is told above them, and comes in when asked for or when they are left. What is new is tinted for a second.
 */
export function LiveRows<T>({ items, keyOf, of, most = Infinity, children, ref }: LiveRowsProps<T>) {
  const [hand, setHand] = useState<Hand | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const pointed = useRef(false);
  const typed = useRef(false);
  const keys = items.map(keyOf);
  const { rows, waiting } = steady(hand?.of === of ? hand.keys : null, items, keyOf);
  const shown = rows.map(keyOf);
  const came = useCame(of, shown);
  const hold = () => setHand((before) => (before?.of === of ? before : { of, keys: shown }));
  useEffect(() => {
    const element = box.current;
    const left = () => {
      pointed.current = false;
      if (!typed.current) setHand(null);
    };
    // React does not tell of it where the row that the pointer was on is gone.
    element?.addEventListener("pointerleave", left);
    return () => element?.removeEventListener("pointerleave", left);
  }, []);
  return (
    // The pointer and the focus are only watched; what is done is done by what stands within.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      ref={box}
      className={css.live}
      // Entering is not told where the list came to be under the pointer.
      onPointerMove={({ pointerType }) => {
        if (pointerType !== "mouse") return;
        pointed.current = true;
        hold();
      }}
      onFocus={({ target }) => {
        // A click leaves the focus behind when the hand has gone on.
        if (!target.matches(":focus-visible")) return;
        typed.current = true;
        hold();
      }}
      onBlur={({ relatedTarget, currentTarget }) => {
        if (currentTarget.contains(relatedTarget)) return;
        typed.current = false;
        if (!pointed.current) setHand(null);
      }}
    >
      {waiting > 0 && (
        <div className={css.new}>
          <Button
            small
            icon={ArrowUp}
            onPress={() => {
              setHand({ of, keys });
              box.current?.querySelector<HTMLElement>("li a, li button")?.focus({ preventScroll: true });
            }}
          >{`${number(waiting)} new`}</Button>
        </div>
      )}
      <ul ref={ref}>{rows.slice(0, most).map((item) => children(item, came.has(keyOf(item)) ? css.came : undefined))}</ul>
    </div>
  );
}

const NONE: ReadonlySet<string> = new Set();

/** Which rows came in less than a second ago; none of those that were there from the first. */
function useCame(of: string, keys: readonly string[]): ReadonlySet<string> {
  const [came, setCame] = useState(NONE);
  const before = useRef<Hand | null>(null);
  const all = keys.join("\n");
  useEffect(() => {
    const last = before.current;
    const now = all === "" ? [] : all.split("\n");
    before.current = { of, keys: now };
    if (last?.of !== of) return undefined;
    const known = new Set(last.keys);
    const fresh = now.filter((key) => !known.has(key));
    if (fresh.length === 0) return undefined;
    setCame(new Set(fresh));
    const timer = setTimeout(() => setCame(NONE), 1_000);
    return () => clearTimeout(timer);
  }, [of, all]);
  return came;
}
