import { Link } from "@tanstack/react-router";
import { ChevronRight, TriangleAlert } from "lucide-react";
import { STATUS, STATUSES } from "@/features/contacts/status";
import { count, number } from "@/lib/words";
import { Stack, type Shade } from "@/ui/Bar";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { cx } from "@/ui/cx";
import css from "./DayCard.module.css";
import { useDay } from "./queries";

const SHADE: Record<string, Shade> = { confirmed: "confirmed", pending: "waiting", rescheduled: "moved", cancelled: "cancelled" };
const ORDER = ["confirmed", "pending", "rescheduled", "cancelled"] as const;

/** A day in one line, for phones. */
export function DayLine({ title, date }: { title: string; date: string }) {
  const day = useDay(date).data;
  return (
    <Link to="/contacts" search={{ from: date, to: date }} className={css.short}>
      <b>{title}</b>
      <span className="num">
        {day && `${number(day.status.confirmed)} of ${number(day.total)} confirmed`} <ChevronRight size={16} aria-hidden />
      </span>
    </Link>
  );
}

/** A day in one bar; each number leads to the list it counts. */
export function DayCard({ title, date }: { title: string; date: string }) {
  const day = useDay(date);
  const filter = { from: date, to: date };
  return (
    <Panel plain title={title} aside={day.data && <span className="faint">{count(day.data.total, "appointment")}</span>}>
      {day.isError && <ErrorNote error={day.error} what="Could not load this day." retry={() => void day.refetch()} />}
      {day.isPending && <Skeleton rows={1} tall />}
      {day.data && (
        <div className={css.body}>
          <Stack
            label={`${title}: ${ORDER.map((each) => `${number(day.data.status[each])} ${STATUS[each].word.toLowerCase()}`).join(", ")}`}
            total={STATUSES.reduce((sum, each) => sum + day.data.status[each], 0)}
            parts={ORDER.map((each) => ({ shade: SHADE[each] ?? "unreached", value: day.data.status[each] }))}
          />
          <ul className={css.counts}>
            {ORDER.map((each) => {
              const { word, icon: Icon } = STATUS[each];
              return (
                <li key={each}>
                  <Link to="/contacts" search={{ ...filter, status: [each] }} className={cx(css.count, css[each])}>
                    <span className={cx(css.number, "num")}>
                      <Icon size={16} aria-hidden />
                      {number(day.data.status[each])}
                    </span>
                    <span className={css.word}>{word.toLowerCase()}</span>
                  </Link>
                </li>
              );
            })}
            {day.data.attention > 0 && (
              <li className={css.apart}>
                <Link to="/contacts" search={{ ...filter, attention: true }} className={cx(css.count, css.attention)}>
                  <span className={cx(css.number, "num")}>
                    <TriangleAlert size={16} aria-hidden />
                    {number(day.data.attention)}
                  </span>
                  <span className={css.word}>need attention</span>
                </Link>
              </li>
            )}
          </ul>
        </div>
      )}
    </Panel>
  );
}
