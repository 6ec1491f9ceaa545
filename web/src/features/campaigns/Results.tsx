import { Link } from "@tanstack/react-router";
import { Ban } from "lucide-react";
import { useState } from "react";
import { callWord, endWords } from "@/features/calls/words";
import { Name } from "@/features/preferences/hidden";
import { useNouns, useZone } from "@/features/session/business";
import { dayAndTime, dayAndTimeWithin, duration } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { number } from "@/lib/words";
import { Badge } from "@/ui/Badge";
import { buttonClass } from "@/ui/Button";
import { LiveRows } from "@/ui/LiveRows";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import { ShowMore } from "@/ui/ShowMore";
import { Time } from "@/ui/Time";
import { cx } from "@/ui/cx";
import css from "./CampaignPage.module.css";
import { countsOf } from "./counts";
import { useCampaignResults, type CampaignResult, type CampaignStatus, type ResultKind } from "./queries";
import { skipReason } from "./reasons";

const NAME: Record<ResultKind | "all", string> = {
  all: "All",
  confirmed: "Confirmed",
  rescheduled: "Want to move",
  cancelled: "Cancelled",
  no_action: "Undecided",
  not_reached: "Not reached",
  to_go: "To go",
  skipped: "Left out",
};

/** What came of each person's call, a page at a time. */
export function Results({ campaign }: { campaign: CampaignStatus }) {
  const [shown, setShown] = useState<ResultKind | "all">("all");
  const results = useCampaignResults(campaign.campaign_id, shown === "all" ? undefined : shown);
  const nouns = useNouns();
  const known = countsOf(campaign);
  const counts: Record<ResultKind | "all", number> = {
    all: campaign.total_members,
    confirmed: known.confirmed,
    rescheduled: known.moved,
    cancelled: known.cancelled,
    no_action: known.undecided,
    not_reached: known.missed + known.stopped,
    to_go: known.waiting + known.calling,
    skipped: known.skipped,
  };
  const kinds = (Object.keys(NAME) as (ResultKind | "all")[]).filter((kind) => kind === "all" || kind === shown || counts[kind] > 0);
  const others = results.isPlaceholderData;
  const rows = results.data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Panel className={css.list} title="Results" busy={others} aside={<Segments chips label="Which results" value={shown} onChange={setShown} options={kinds.map((id) => ({ id, name: NAME[id], count: number(counts[id]) }))} />}>
      {(results.isPending || (others && rows.length === 0)) && <Skeleton rows={6} />}
      {results.isError && <ErrorNote error={results.error} what="Could not load the results." retry={() => void results.refetch()} />}
      {results.data && !others && rows.length === 0 && <p className={css.none}>Nobody here.</p>}
      {rows.length > 0 && (
        <div className={css.results}>
          {/* For the eye: each row says what its parts are by itself. */}
          <div className={css.head} aria-hidden>
            <span>{nouns.One}</span>
            <span>Appointment</span>
            <span>Result</span>
            <span>When</span>
          </div>
          <LiveRows of={`${others ? "others" : shown} ${String(results.data?.pages.length ?? 0)}`} items={rows} keyOf={personOf}>
            {(each, came) => <Result key={each.contact_id} result={each} came={came} />}
          </LiveRows>
        </div>
      )}
      <ShowMore list={results} />
    </Panel>
  );
}

/** Of today the time alone: most results are of today. */
const shortly = (instant: string, zone: string, at: Date): string => dayAndTime(new Date(instant), zone, at).replace(/^Today /, "");

/** When somebody's turn comes: from an hour on, or as soon as a call is free. */
const turn = (due: Date, zone: string, at: Date): string => (due <= at ? "In line" : `From ${dayAndTimeWithin(due, zone, at)}`);

const personOf = (result: CampaignResult): string => result.contact_id;

function Result({ result, came }: { result: CampaignResult; came: string | undefined }) {
  const zone = useZone();
  const at = useNow();
  const skipped = result.status === "skipped" ? skipReason(result.skip_reason ?? "") : null;
  const status = result.status === "waiting" ? "planned" : result.status === "calling" ? "ringing" : result.status;
  const word = callWord({ status, outcome: result.outcome ?? null, appointment_action: result.appointment_action ?? null, due_at: result.due_at ?? "9999-01-01T00:00:00Z" }, at);
  const said = skipped ? "Left out" : result.status === "calling" ? "On the phone" : status === "planned" ? "To go" : word.word;
  const when = skipped
    ? skipped.name
    : result.status === "calling" && result.called_at
      ? `Called ${shortly(result.called_at, zone, at)}`
      : result.ended_at
        ? shortly(result.ended_at, zone, at)
        : result.due_at
          ? turn(new Date(result.due_at), zone, at)
          : "";
  const instant = result.status === "calling" ? result.called_at : (result.ended_at ?? result.due_at);
  const spoke = result.success && result.call_duration ? `, spoke ${duration(result.call_duration)}` : "";
  return (
    <li className={cx(css.row, came)}>
      <Link to="/contacts/$contactId" params={{ contactId: result.contact_id }} className={css.name}>
        <Name>{result.contact_name ?? "Deleted"}</Name>
      </Link>
      <span className={css.appointment}>
        {result.appointment_time && (
          <>
            <span className="hidden-visually">Appointment </span>
            <Time at={result.appointment_time} zone={zone}>
              {dayAndTime(new Date(result.appointment_time), zone, at)}
            </Time>
          </>
        )}
      </span>
      <span className={css.result}>
        <Badge tone={skipped ? "neutral" : word.tone} icon={skipped ? Ban : word.icon}>
          {said}
        </Badge>
      </span>
      <span className={css.when}>
        {instant && !skipped ? (
          <Time at={instant} zone={zone}>
            {when}
          </Time>
        ) : (
          when
        )}
        {spoke}
        {result.error && `, ${endWords(result.error)}`}
      </span>
      {result.contact_name && <Next result={result} />}
    </li>
  );
}

/** What is left to do about somebody, where there is something. */
function Next({ result }: { result: CampaignResult }) {
  const [words, act] =
    result.success && result.appointment_action === "rescheduled" ? (["Choose a time", "move"] as const) : result.skip_reason === "no_consent" || result.skip_reason === "voice_consent" ? (["See the record", undefined] as const) : [];
  if (!words) return null;
  return (
    <Link to="/contacts/$contactId" params={{ contactId: result.contact_id }} search={act ? { do: act } : {}} className={`${buttonClass({ look: "secondary", small: true })} ${css.next ?? ""}`}>
      {words}
      <span className="hidden-visually">
        : <Name>{result.contact_name ?? ""}</Name>
      </span>
    </Link>
  );
}
