import { useEffect, useRef, useState } from "react";
import { drop, keep, kept } from "./kept";
import { useMe, useSession } from "./use";

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export interface Keeping<T> {
  value: T;
  set: (next: T | ((before: T) => T)) => void;
  /** What is shown was typed before the page was loaded again, or left for a while. */
  restored: boolean;
  /** Back to the beginning, on purpose. */
  discard: () => void;
  /** Keeps it although it is left: for a way from the form to what it lacks. */
  stay: () => void;
}

/** The state of a form that survives a reload, but not leaving it, unless that was to see to what it lacks. What is as at the beginning is not kept. */
export function useKept<T extends object>(form: string, beginning: T): Keeping<T> {
  const me = useMe().id;
  const { status } = useSession();
  // Whoever signs in over somebody else's page does not take over what is typed there.
  const [owner] = useState(me);
  const [start] = useState(beginning);
  const [before] = useState(() => kept(me, form) as Partial<T> | null);
  const [value, set] = useState<T>(() => (before ? { ...start, ...before } : start));
  const [restored, setRestored] = useState(before !== null);
  const first = useRef(true);

  useEffect(() => {
    if (status !== "in" || me !== owner) return;
    // The time of the last key is what counts, not that of the reload.
    if (first.current && before !== null) first.current = false;
    else if (same(value, start)) drop(form);
    else keep(owner, form, value);
  }, [form, value, start, before, owner, me, status]);
  const stays = useRef(false);
  useEffect(
    () => () => {
      if (!stays.current) drop(form);
    },
    [form],
  );

  const discard = () => {
    set(start);
    setRestored(false);
  };
  const stay = () => {
    stays.current = true;
  };
  return { value, set, restored, discard, stay };
}
