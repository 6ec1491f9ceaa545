import { useState } from "react";
import { DateField } from "@/ui/DateTime";
import css from "./Facets.module.css";

interface Days {
  from?: string | undefined;
  to?: string | undefined;
}

/** A year is typed figure by figure: until it is whole it is nobody's. */
const whole = (date: string): boolean => date === "" || date >= "1900";

/** Appointments from one day to another, both included; one of the two may be left open. */
export default function Between({ from = "", to = "", onChange }: Days & { onChange: (days: Days) => void }) {
  const [typed, setTyped] = useState({ from, to });
  const [seen, setSeen] = useState({ from, to });
  // The filter can go by its chip, too.
  if (seen.from !== from || seen.to !== to) {
    setSeen({ from, to });
    setTyped({ from, to });
  }
  const set = (change: Partial<typeof typed>) => {
    const next = { ...typed, ...change };
    setTyped(next);
    if (!whole(next.from) || !whole(next.to) || backwards(next)) return;
    setSeen(next);
    onChange({ from: next.from || undefined, to: next.to || undefined });
  };
  return (
    <div className={css.between}>
      <DateField label="From" value={typed.from} onChange={(from) => set({ from })} />
      <DateField label="Until" value={typed.to} onChange={(to) => set({ to })} error={whole(typed.from) && whole(typed.to) && backwards(typed) ? "This is before the first day." : undefined} />
    </div>
  );
}

const backwards = ({ from, to }: { from: string; to: string }): boolean => from !== "" && to !== "" && to < from;
