import { Link } from "@tanstack/react-router";
import { CalendarPlus, TriangleAlert } from "lucide-react";
import { useOfflineSince } from "@/api/connection";
import { useOpenWork } from "@/features/attention/queries";
import { useLook } from "@/features/preferences/look";
import { useBusiness, useNouns, useZone } from "@/features/session/business";
import { clock, day, instantOf } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { BLANK, number } from "@/lib/words";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import css from "./Away.module.css";
import { lastClosing, useNewSince } from "./queries";


/** What came in since the business closed: two lines, which are there before their numbers. */
export function Away({ today }: { today: string }) {
  const zone = useZone();
  const nouns = useNouns();
  const at = useNow();
  const closing = lastClosing(today, useBusiness().data);
  const since = instantOf(closing.date, closing.time, zone);
  const instant = since.toISOString();
  const fresh = useNewSince(instant);
  const work = useOpenWork();
  const growth = useLook().growth === "shown";
  const offline = useOfflineSince() !== null;
  const newWork = work.entries.filter((each) => each.since >= instant).length;
  return (
    <Panel plain title="Since you closed" aside={<span className="faint">{`${clock(since, zone, true)} ${day(since, zone, at)}`}</span>}>
      {fresh.isLoadingError ? (
        <ErrorNote error={fresh.error} what="Could not load what is new." retry={() => void fresh.refetch()} />
      ) : fresh.isPending && offline ? (
        <Skeleton rows={1} tall />
      ) : (
        <ul className={css.list} aria-busy={fresh.isPending}>
          {growth && (
            <li>
              <CalendarPlus size={16} aria-hidden />
              <Link to="/contacts" search={{ since: instant }}>
                <b className="num">{fresh.data === undefined ? BLANK : number(fresh.data)}</b> new {fresh.data === 1 ? nouns.one : nouns.many}
              </Link>
            </li>
          )}
          <li>
            <TriangleAlert size={16} aria-hidden />
            <span>
              <b className="num">{work.data ? number(newWork) : BLANK}</b> new in needs attention
            </span>
          </li>
        </ul>
      )}
    </Panel>
  );
}
