import { Link } from "@tanstack/react-router";
import { ChevronRight, TriangleAlert } from "lucide-react";
import { useOfflineSince } from "@/api/connection";
import { STATUS, STATUSES } from "@/features/contacts/status";
import { BLANK, count, number } from "@/lib/words";
import { Stack, type Shade } from "@/ui/Bar";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { cx } from "@/ui/cx";
import css from "./DayCard.module.css";
import { useDay } from "./queries";

const SHADE: Record<string, Shade> = { confirmed: "confirmed", pending: "waiting", rescheduled: "moved", cancelled: "cancelled" };
const ORDER = ["confirmed", "pending", "rescheduled", "cancelled"] as const;
const statusOf = (shade: Shade) => ORDER.find((each) => SHADE[each] === shade);

/** A day in one line, for phones. */
export function DayLine({ title, date }: { title: string; date: string }) {
  const day = useDay(date).data;
  return (
    <Link to="/contacts" search={{ from: date, to: date }} className={css.short}>
      <b>{title}</b>
      <span className="num">
        {day && (day.total === 0 ? "No appointments" : `${number(day.status.confirmed)} of ${number(day.total)} confirmed`)} <ChevronRight size={16} aria-hidden />
      </span>
    </Link>
  );
}


/** A day in one bar; each of its parts and each number leads to the list it counts. What stands below keeps its place: the card is as high before it knows the numbers. */
export function DayCard({ title, date }: { title: string; date: string }) {
  const day = useDay(date);
  const offline = useOfflineSince() !== null;
  const filter = { from: date, to: date };
  const known = day.data;
  const told = (value: number | undefined) => (value === undefined ? BLANK : number(value));
  return (
    <Panel plain title={title} aside={<span className={known ? "faint" : css.unseen}>{known ? count(known.total, "appointment") : `${BLANK} appointments`}</span>}>
      {day.isLoadingError && <ErrorNote error={day.error} what="Could not load this day." retry={() => void day.refetch()} />}
      {day.isPending && offline && <Skeleton rows={1} tall />}
      {!day.isLoadingError && !(day.isPending && offline) && (
        <div className={css.body} aria-busy={!known}>
          <Stack
            label={known ? `${title}: ${ORDER.map((each) => `${number(known.status[each])} ${STATUS[each].word.toLowerCase()}`).join(", ")}` : `${title}: not known yet`}
            total={STATUSES.reduce((sum, each) => sum + (known?.status[each] ?? 0), 0)}
            parts={ORDER.map((each) => ({ shade: SHADE[each] ?? "unreached", value: known?.status[each] ?? 0 }))}
            link={(shade, over) => {
              const status = statusOf(shade);
              if (!status || !known) return null;
              const name = `${title}: ${number(known.status[status])} ${STATUS[status].word.toLowerCase()}`;
              return <Link key={status} to="/contacts" search={{ ...filter, status: [status] }} aria-label={name} title={name} {...over} />;
            }}
          />
          <ul className={css.counts}>
            {ORDER.map((each) => {
              const { word, icon: Icon } = STATUS[each];
              return (
                <li key={each}>
                  <Link to="/contacts" search={{ ...filter, status: [each] }} className={cx(css.count, css[each])}>
                    <span className={cx(css.number, "num")}>
                      <Icon size={16} aria-hidden />
                      {told(known?.status[each])}
                    </span>
                    <span className={css.word}>{word.toLowerCase()}</span>
                  </Link>
                </li>
              );
            })}
            <li className={css.apart}>
              <Link to="/contacts" search={{ ...filter, attention: true }} className={cx(css.count, known && known.attention > 0 && css.attention)}>
                <span className={cx(css.number, "num")}>
                  <TriangleAlert size={16} aria-hidden />
                  {told(known?.attention)}
                </span>
                <span className={css.word}>
                  <span className={css.need}>{known?.attention === 1 ? "needs" : "need"} </span>attention
                </span>
              </Link>
            </li>
          </ul>
        </div>
      )}
    </Panel>
  );
}
