import { CalendarPlus, X } from "lucide-react";
import { useState } from "react";
import { now } from "@/api/clock";
import { day } from "@/lib/time";
import { joined } from "@/lib/words";
import { Button, IconButton } from "@/ui/Button";
import { DateField } from "@/ui/DateTime";
import { MarkBadge, type Mark } from "@/ui/Field";
import css from "./settings.module.css";

/** S3: as many closed days of its own as a business may list. */
const MOST = 50;

const said = (date: string) => day(new Date(`${date}T12:00:00Z`), "UTC", now());
const today = () => now().toISOString().slice(0, 10);

/** `Next: Christmas Day (Fri 25 Dec) and …`. */
export function comingHolidays(all: { date: string; title: string }[]): string {
  const next = all.filter((each) => each.date >= today()).slice(0, 3);
  return next.length === 0 ? "None are known yet." : `Next: ${joined(next.map((each) => `${each.title} (${said(each.date)})`))}.`;
}

/** Days on which the business is closed besides: past ones are kept and not shown. */
export function ClosedDays({ dates, onChange, mark, error }: { dates: string[]; onChange: (dates: string[]) => void; mark: Mark | undefined; error?: string | undefined }) {
  const [typed, setTyped] = useState("");
  const coming = dates.filter((each) => each >= today()).sort();
  const add = () => {
    if (typed && !dates.includes(typed)) onChange([...dates, typed].sort());
    setTyped("");
  };
  return (
    <div role="group" aria-label="Your own closed days">
      <p className={css.label}>
        Your own closed days <MarkBadge mark={mark} />
      </p>
      {coming.length > 0 && (
        <ul className={css.closed}>
          {coming.map((each) => (
            <li key={each} className={css.chip}>
              {said(each)}
              <IconButton icon={X} label={`Remove ${said(each)}`} onPress={() => onChange(dates.filter((other) => other !== each))} />
            </li>
          ))}
        </ul>
      )}
      <div className={css.region}>
        <DateField label="Closed on" value={typed} onChange={setTyped} error={error} />
        <Button icon={CalendarPlus} isDisabled={!typed || dates.length >= MOST} onPress={add}>
          Add
        </Button>
      </div>
      {dates.length >= MOST && <p className="muted">{MOST} days are the most.</p>}
    </div>
  );
}
