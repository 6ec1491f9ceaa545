import { Link } from "@tanstack/react-router";
import { CalendarPlus, TriangleAlert, UserPlus, type LucideIcon } from "lucide-react";
import { useOfflineSince } from "@/api/connection";
import { useOpenWork } from "@/features/attention/queries";
import { STATUS, type AppointmentStatus } from "@/features/contacts/status";
import { useLook } from "@/features/preferences/look";
import { useBusiness, useNouns, useZone } from "@/features/session/business";
import { clock, day, instantOf } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { BLANK, number } from "@/lib/words";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import css from "./Away.module.css";
import { lastClosing, useSince } from "./queries";

/** What became of appointments, in the order in which it asks for something. */
const BECAME: [AppointmentStatus, LucideIcon, (count: number) => string][] = [
  ["pending", CalendarPlus, (count) => (count === 1 ? "new booking" : "new bookings")],
  ["rescheduled", STATUS.rescheduled.icon, () => "moved"],
  ["confirmed", STATUS.confirmed.icon, () => "confirmed"],
  ["cancelled", STATUS.cancelled.icon, () => "cancelled"],
];

/** What came in since the business closed: lines that are there before their numbers. */
export function Away({ today }: { today: string }) {
  const zone = useZone();
  const nouns = useNouns();
  const at = useNow();
  const closing = lastClosing(today, useBusiness().data);
  const since = instantOf(closing.date, closing.time, zone);
  const instant = since.toISOString();
  const fresh = useSince(instant);
  const work = useOpenWork();
  const growth = useLook().growth === "shown";
  const offline = useOfflineSince() !== null;
  const newWork = work.entries.filter((each) => each.since >= instant).length;
  const told = (count: number | undefined) => <b className="num">{count === undefined ? BLANK : number(count)}</b>;
  return (
    <Panel plain title="Since you closed" aside={<span className="faint">{`${clock(since, zone, true)} ${day(since, zone, at)}`}</span>}>
      {fresh.isLoadingError ? (
        <ErrorNote error={fresh.error} what="Could not load what is new." retry={() => void fresh.refetch()} />
      ) : fresh.isPending && offline ? (
        <Skeleton rows={1} tall />
      ) : (
        <ul className={css.list} aria-busy={fresh.isPending}>
          {BECAME.map(([status, Icon, word]) => (
            <li key={status}>
              <Icon size={16} aria-hidden />
              <Link to="/contacts" search={{ changed: instant, status: [status] }}>
                {told(fresh.data?.status[status])} {word(fresh.data?.status[status] ?? 0)}
              </Link>
            </li>
          ))}
          {growth && (
            <li>
              <UserPlus size={16} aria-hidden />
              <Link to="/contacts" search={{ since: instant }}>
                {told(fresh.data?.added)} new {fresh.data?.added === 1 ? nouns.one : nouns.many}
              </Link>
            </li>
          )}
          <li>
            <TriangleAlert size={16} aria-hidden />
            <span>
              {told(work.data ? newWork : undefined)} need{newWork === 1 ? "s" : ""} attention
            </span>
          </li>
        </ul>
      )}
    </Panel>
  );
}
