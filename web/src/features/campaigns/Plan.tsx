import { Info } from "lucide-react";
import { useMemo, useState } from "react";
import type { Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { Name } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { useLimits } from "@/features/calls/queries";
import { clock, dayAndTime, dayAndTimeWithin } from "@/lib/time";
import { count, money, number } from "@/lib/words";
import { IconTile } from "@/ui/Badge";
import { Hint } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import css from "./Plan.module.css";
import { skipReason } from "./reasons";

type DryRun = Schemas["CampaignDryRun"];

/** What a campaign would do: how many, until when, who is left out and why, who comes first. */
export function Plan({ run }: { run: DryRun }) {
  const zone = useZone();
  const limits = useLimits().data;
  const byReason = useMemo(() => {
    const skipped = new Map<string, DryRun["members"]>();
    for (const member of run.members) {
      if (member.would_call || !member.skip_reason) continue;
      skipped.set(member.skip_reason, [...(skipped.get(member.skip_reason) ?? []), member]);
    }
    return [...skipped.entries()].sort((a, b) => b[1].length - a[1].length);
  }, [run]);
  const called = run.members.filter((each) => each.would_call).sort((a, b) => (a.estimated_at ?? "9").localeCompare(b.estimated_at ?? "9"));
  const left = run.total_members - run.to_be_called;
  const start = new Date(run.starts_at);
  const end = run.estimated_completion ? new Date(run.estimated_completion) : null;
  const windows = useWindows(called, zone);
  const most = Math.max(limits?.limit ?? 0, ...windows.map((each) => each.count));
  const sameDay = end && dayAndTime(start, zone, now()).split(" ")[0] === dayAndTime(end, zone, now()).split(" ")[0];
  return (
    <div className={css.plan}>
      <section className={css.summary} aria-label="Summary">
        <dl className={css.figures}>
          <div>
            <dd className="num">{number(run.to_be_called)}</dd>
            <dt>{run.to_be_called === 1 ? "person is called" : "people are called"}</dt>
          </div>
          <div>
            <dd className="num">{number(left)}</dd>
            <dt>left out of {number(run.total_members)}</dt>
          </div>
          {run.to_be_called > 0 && (
            <div>
              <dd className="num">{end ? `${clock(start, zone, true)} to ${sameDay ? clock(end, zone, true) : dayAndTime(end, zone, now())}` : clock(start, zone, true)}</dd>
              <dt>{dayAndTime(start, zone, now())} onwards</dt>
            </div>
          )}
          {run.estimated_cost && (
            <div>
              <dd className="num">{money(run.estimated_cost.amount_minor, run.estimated_cost.currency)}</dd>
              <dt>estimated cost</dt>
            </div>
          )}
        </dl>
        {windows.length > 0 && (
          <ol className={css.windows} aria-label="Calls in each quarter of an hour">
            {windows.slice(0, 16).map((each) => (
              <li key={each.at} className={css.window}>
                <svg viewBox="0 0 40 48" aria-hidden className={css.column} preserveAspectRatio="none">
                  <rect className={css.free} x="0" y="0" width="40" height="48" />
                  <rect className={css.used} x="0" y={48 - (each.count / most) * 48} width="40" height={(each.count / most) * 48} />
                </svg>
                <b className="num">{each.count}</b>
                <span className="faint num">{each.at}</span>
              </li>
            ))}
            {windows.length > 16 && <li className="faint">and {windows.length - 16} more</li>}
          </ol>
        )}
        {limits && (
          <p className={css.note}>
            <Info size={15} aria-hidden /> Your limit is {limits.limit} calls in any {Math.round(limits.window_seconds / 60)} minutes and {limits.daily_limit} a day. Reminders that cannot wait go first.
          </p>
        )}
        {run.warnings.map((each) => (
          <Hint key={each.code} tone="waiting">
            {each.detail}
          </Hint>
        ))}
      </section>
      {byReason.length > 0 && (
        <Panel title={<>Who is left out, and why <span className="faint">{number(left)}</span></>}>
          <ul>
            {byReason.map(([reason, members]) => (
              <LeftOut key={reason} reason={reason} names={members.map((each) => each.contact_name ?? "Somebody")} />
            ))}
          </ul>
        </Panel>
      )}
      {called.length > 0 && (
        <Panel title="Who is called first">
          <ol>
            {called.slice(0, 8).map((each) => (
              <li key={each.contact_id} className={css.first}>
                <b className="truncate">
                  <Name>{each.contact_name ?? ""}</Name>
                </b>
                <span className="muted num">{each.estimated_at && `about ${dayAndTimeWithin(new Date(each.estimated_at), zone, now()).replace(/^To/, "to")}`}</span>
              </li>
            ))}
          </ol>
          {called.length > 8 && <p className={css.rest}>and {count(called.length - 8, "more person", "more people")}</p>}
        </Panel>
      )}
    </div>
  );
}

function LeftOut({ reason, names }: { reason: string; names: string[] }) {
  const [open, setOpen] = useState(false);
  const copy = skipReason(reason);
  const line = "line" in copy ? copy.line : undefined;
  return (
    <li className={css.out}>
      <IconTile icon={copy.icon} />
      <div className={css.text}>
        <b>{copy.name}</b>
        {line && <p className="muted">{line}</p>}
        {open && (
          <p className="muted">
            {names.map((each, place) => (
              <span key={place}>
                {place > 0 && ", "}
                <Name>{each}</Name>
              </span>
            ))}
          </p>
        )}
      </div>
      <b className="num">{number(names.length)}</b>
      <button type="button" className={css.link} aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "Hide names" : "See names"}
      </button>
    </li>
  );
}

/** The calls by quarter of an hour, from the instants the API foresees. */
function useWindows(called: DryRun["members"], zone: string): { at: string; count: number }[] {
  return useMemo(() => {
    const found = new Map<number, number>();
    for (const { estimated_at: at } of called) {
      if (!at) continue;
      const quarter = Math.floor(Date.parse(at) / 900_000) * 900_000;
      found.set(quarter, (found.get(quarter) ?? 0) + 1);
    }
    return [...found.entries()].sort(([a], [b]) => a - b).map(([at, calls]) => ({ at: clock(new Date(at), zone, true), count: calls }));
  }, [called, zone]);
}
