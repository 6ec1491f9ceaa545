import { Info } from "lucide-react";
import { useMemo, useState } from "react";
import type { Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { PauseDialog } from "@/features/calls/CallMeter";
import { useLimits } from "@/features/calls/queries";
import { Name } from "@/features/preferences/hidden";
import { useCallSettings, useZone } from "@/features/session/business";
import { clock, clockWithin, dateKey, daysBetween, longDay, timeWithin } from "@/lib/time";
import { count, money, number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { ChartPanel } from "@/ui/chart/ChartPanel";
import { Columns } from "@/ui/chart/Columns";
import { Hint } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { LeftOut } from "./LeftOut";
import css from "./Plan.module.css";

type DryRun = Schemas["CampaignDryRun"];

interface Ways {
  onWhen: () => void;
  onAgain: () => void;
  onLeave: () => void;
}

const QUARTER = 900_000;
/** As many quarters of an hour as a chart has room for. */
const MOST_QUARTERS = 24;
const FIRST = 8;

/** What a campaign would do: how many, until when, who is left out and what to do about it, who comes first. */
export function Plan({ run, ways }: { run: DryRun; ways: Ways }) {
  const zone = useZone();
  const price = useCallSettings().data?.price_per_call;
  const byReason = useMemo(() => {
    const skipped = new Map<string, DryRun["members"]>();
    for (const member of run.members) {
      if (member.would_call || !member.skip_reason) continue;
      skipped.set(member.skip_reason, [...(skipped.get(member.skip_reason) ?? []), member]);
    }
    return [...skipped.entries()].sort((a, b) => b[1].length - a[1].length);
  }, [run]);
  const called = useMemo(() => run.members.filter((each) => each.would_call).sort((a, b) => (a.estimated_at ?? "9").localeCompare(b.estimated_at ?? "9")), [run]);
  const left = run.total_members - run.to_be_called;
  const [from, to] = spanOf(run, called);
  const lastDay = to && dateKey(to, zone) !== dateKey(from, zone) ? to : null;
  const [all, setAll] = useState(false);
  const [resuming, setResuming] = useState(false);
  return (
    <>
      {run.warnings.map((each) => (
        <Hint key={each.code} tone="waiting">
          <span className={css.warning}>
            {each.detail}
            {each.code === "calling_paused" && (
              <Button small onPress={() => setResuming(true)}>
                Resume calling
              </Button>
            )}
          </span>
        </Hint>
      ))}
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
              <dd className="num">
                {clockWithin(from, zone)}
                {to && to.getTime() - from.getTime() >= 60_000 && (
                  <>
                    {" "}
                    <small>to</small> {clockWithin(to, zone)}
                  </>
                )}
              </dd>
              <dt>{to ? (lastDay ? `${longDay(from, zone)} to ${longDay(lastDay, zone)}` : `${daysBetween(dateKey(now(), zone), dateKey(from, zone)) === 0 ? "today, " : ""}${longDay(from, zone)}`) : "the end is not known while calling is paused"}</dt>
            </div>
          )}
          {run.estimated_cost && (
            <div>
              <dd className="num">{money(run.estimated_cost.amount_minor, run.estimated_cost.currency)}</dd>
              <dt>{price ? `at ${money(price.amount_minor, price.currency)} a call` : "estimated cost"}</dt>
            </div>
          )}
        </dl>
        <PaceNote />
      </section>
      <Quarters called={called} />
      {byReason.length > 0 && (
        <Panel title={<>Who is left out, and why <span className="faint">{number(left)}</span></>}>
          <ul>
            {byReason.map(([reason, members]) => (
              <LeftOut key={reason} reason={reason} members={members} ways={ways} />
            ))}
          </ul>
        </Panel>
      )}
      {called.length > 0 && (
        <Panel
          title="Who is called first"
          aside={
            called.length > FIRST && (
              <button type="button" className={css.link} aria-expanded={all} onClick={() => setAll(!all)}>
                {all ? "See the first only" : `See all ${number(called.length)}`}
              </button>
            )
          }
        >
          <ol>
            {called.slice(0, all ? undefined : FIRST).map((each) => (
              <li key={each.contact_id} className={css.first}>
                <b className="truncate">
                  <Name>{each.contact_name ?? "Somebody"}</Name>
                </b>
                <span className="muted num">{each.estimated_at && `about ${timeWithin(new Date(each.estimated_at), zone, now())}`}</span>
              </li>
            ))}
          </ol>
        </Panel>
      )}
      {resuming && (
        <PauseDialog
          onClose={() => {
            setResuming(false);
            ways.onAgain();
          }}
        />
      )}
    </>
  );
}

/** From the first call to the last, as far as they are foreseen. */
function spanOf(run: DryRun, called: DryRun["members"]): [Date, Date | null] {
  const first = called[0]?.estimated_at ?? run.starts_at;
  return [new Date(first), run.estimated_completion ? new Date(run.estimated_completion) : null];
}

/** What the button that starts it says: how many, and from when. */
export function startWords(run: DryRun, zone: string): string {
  const people = count(run.to_be_called, "person", "people");
  if (run.warnings.some(({ code }) => code === "calling_paused")) return `Call ${people} once calling is resumed`;
  const [first] = run.members.flatMap(({ would_call, estimated_at: at }) => (would_call && at ? [at] : [])).sort();
  const from = new Date(first ?? run.starts_at);
  return `Call ${people} ${from.getTime() - now().getTime() < 60_000 ? "now" : `from ${timeWithin(from, zone, now())}`}`;
}

function PaceNote() {
  const limits = useLimits().data;
  if (!limits) return null;
  return (
    <p className={css.note}>
      <Info size={15} aria-hidden /> Your limit is {count(limits.limit, "call")} in any {Math.round(limits.window_seconds / 60)} minutes and {number(limits.daily_limit)} a day. Reminders that cannot wait go first.
    </p>
  );
}

/** The calls by quarter of an hour, under the line that none may pass; nothing to see where one quarter is enough. */
function Quarters({ called }: { called: DryRun["members"] }) {
  const zone = useZone();
  const limits = useLimits().data;
  const quarters = useMemo(() => {
    const found = new Map<number, number>();
    for (const { estimated_at: at } of called) {
      if (!at) continue;
      const quarter = Math.floor(Date.parse(at) / QUARTER) * QUARTER;
      found.set(quarter, (found.get(quarter) ?? 0) + 1);
    }
    return [...found.entries()].sort(([a], [b]) => a - b);
  }, [called]);
  if (quarters.length < 2) return null;
  const words = ([at, calls]: [number, number]): [string, number] => [clock(new Date(at), zone, true), calls];
  const more = quarters.length - MOST_QUARTERS;
  return (
    <ChartPanel title="Calls by quarter of an hour" {...(more > 0 && { line: `The first ${String(MOST_QUARTERS)}; ${count(more, "quarter")} more after them.` })} numbers={{ columns: ["From", "Calls"], rows: quarters.map(words) }}>
      <Columns
        columns={quarters.slice(0, MOST_QUARTERS).map((each) => {
          const [label, calls] = words(each);
          return { label, values: [calls] };
        })}
        parts={[{ name: "calls", look: "done" }]}
        {...(limits && { limit: limits.limit })}
      />
    </ChartPanel>
  );
}
