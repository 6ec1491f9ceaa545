import { Lightbulb } from "lucide-react";
import { useState } from "react";
import { useLook } from "@/features/preferences/look";
import { useNouns } from "@/features/session/business";
import { duration, hourName } from "@/lib/time";
import { count, number } from "@/lib/words";
import { Sample, Stack, type Shade } from "@/ui/Bar";
import { Empty, ErrorNote, Hint, Skeleton } from "@/ui/Notes";
import { Facts, Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import { ChartPanel, Legend } from "@/ui/chart/ChartPanel";
import { Columns } from "@/ui/chart/Columns";
import css from "./Analytics.module.css";
import { PERIODS, inPeriod, percent, stepName, useGroupAnalytics, type Days, type Figures } from "./analytics";
import type { Group } from "./queries";

const PARTS = [
  { name: "Confirmed", look: "solid" },
  { name: "Answered", look: "dots" },
  { name: "Nobody answered", look: "stripes" },
] as const;

/** What calls to the group's members came to. */
export function Analytics({ group }: { group: Group }) {
  const nouns = useNouns();
  const [days, setDays] = useState<Days>(30);
  const answer = useGroupAnalytics(group.id, days);
  const figures = answer.data?.figures;
  return (
    <div className={css.page}>
      <div className={css.tools}>
        <Segments label="Over how long" value={`${days}`} options={PERIODS} onChange={(chosen) => setDays(Number(chosen) as Days)} />
        {answer.data && <p className="muted">Counted just now, over the {nouns.many} that you see.</p>}
      </div>
      {answer.isPending && <Skeleton rows={4} tall />}
      {answer.isError && <ErrorNote error={answer.error} what="Could not count the figures." retry={() => void answer.refetch()} />}
      {answer.data?.suppressed && (
        <Empty title={`Fewer than five ${nouns.many}`}>{`Of so few no figures are shown, because they would say something about each of them. Members shows who they are.`}</Empty>
      )}
      {figures && (figures.performance_metrics.total_calls === 0 ? <Quiet figures={figures} days={days} /> : <Counted figures={figures} days={days} />)}
    </div>
  );
}

/** Without a call there is only how their appointments stand. */
function Quiet({ figures, days }: { figures: Figures; days: Days }) {
  return (
    <>
      <Empty title={`Nobody in this group was called ${inPeriod(days)}`}>How often they answer and confirm shows here once Vio has called them.</Empty>
      {figures.member_statistics.total_members > 0 && <Appointments figures={figures} />}
    </>
  );
}

function Counted({ figures, days }: { figures: Figures; days: Days }) {
  const nouns = useNouns();
  const { performance_metrics: calls, engagement_metrics: engagement, member_statistics: members } = figures;
  const look = useLook();
  const rates = look.rates === "shown";
  return (
    <>
      {rates && <dl className={css.numbers}>
        <KeyFigure name="Answered" value={percent(calls.answer_rate)} line={`${number(calls.answered_calls)} of ${count(calls.total_calls, "call")}`} />
        <KeyFigure name="Confirmed" value={percent(calls.confirmation_rate)} line={`${number(calls.confirmed_appointments)} of ${number(calls.answered_calls)} answered`} />
        <KeyFigure name={`${nouns.Many} called`} value={percent(engagement.engagement_rate)} line={`${number(members.members_with_calls)} of ${number(members.total_members)}`} />
        <KeyFigure name="Score" value={figures.performance_score == null ? "–" : String(Math.round(figures.performance_score))} line="mean of these three, of 100" />
      </dl>}
      <Advice figures={figures} />
      {look.trends === "shown" && <Trend figures={figures} days={days} />}
      <div className={css.two}>
        <Hours figures={figures} rates={rates} />
        <Panel title="How calls ended" padded>
          <div className={css.stack}>
            <Outcomes figures={figures} />
            <Facts
              rows={[
                ["Cancelled on the call", `${number(calls.cancelled_appointments)}${rates ? ` (${percent(calls.cancellation_rate)} of answered)` : ""}`],
                ["Asked for another time", number(calls.rescheduled_appointments)],
                ["Calls that repeated one", `${percent(calls.retry_rate)} of all`],
                ["Length of a call", calls.average_call_duration == null ? "–" : duration(Math.round(calls.average_call_duration))],
                [`Calls for each ${nouns.one}`, calls.calls_per_member == null ? "–" : String(calls.calls_per_member)],
                ["Sounded content, neutral, not content", `${number(engagement.positive_calls)}, ${number(engagement.neutral_calls)}, ${number(engagement.negative_calls)}`],
                ...(engagement.average_feedback == null ? [] : ([["Asked how content they were", `${String(engagement.average_feedback)} of 5, ${count(engagement.feedback_count, "answer")}`]] as [string, string][])),
              ]}
            />
          </div>
        </Panel>
      </div>
      <Appointments figures={figures} />
    </>
  );
}

function KeyFigure({ name, value, line }: { name: string; value: string; line: string }) {
  return (
    <div className={css.number}>
      <dt>{name}</dt>
      <dd>
        <b className="num">{value}</b>
        <span className="muted">{line}</span>
      </dd>
    </div>
  );
}

function Advice({ figures }: { figures: Figures }) {
  if (figures.thin_data) return <Hint>Under 20 calls: too few to advise anything or to compare by.</Hint>;
  if (figures.recommendations.length === 0) return null;
  return (
    <Panel title="To consider">
      <ul className={css.advice}>
        {figures.recommendations.map((each) => (
          <li key={each.code}>
            <Lightbulb size={16} aria-hidden /> {each.text}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Trend({ figures, days }: { figures: Figures; days: Days }) {
  const nouns = useNouns();
  const unit = days === 365 ? "Month" : days === 90 ? "Week from" : "Day";
  return (
    <ChartPanel
      title={`Calls ${inPeriod(days)}`}
      numbers={{
        columns: [unit, "Calls", "Answered", "Confirmed", `New ${nouns.many}`],
        rows: figures.trend.map((step) => [stepName(step.from, days), step.total_calls, step.answered_calls, step.confirmed_appointments, step.new_members]),
      }}
    >
      <Columns parts={[...PARTS]} columns={figures.trend.map((step) => ({ label: stepName(step.from, days), values: [step.confirmed_appointments, step.answered_calls - step.confirmed_appointments, step.total_calls - step.answered_calls] }))} />
      <Legend entries={[...PARTS]} />
    </ChartPanel>
  );
}

function Hours({ figures, rates }: { figures: Figures; rates: boolean }) {
  const parts = [PARTS[1], PARTS[2]];
  return (
    <ChartPanel
      title="By time of day"
      numbers={{
        columns: ["From", "Calls", "Answered", ...(rates ? ["Answered in %"] : [])],
        rows: figures.hours.map((each) => [hourName(each.hour), each.total_calls, each.answered_calls, ...(rates ? [percent(each.answer_rate)] : [])]),
      }}
    >
      <Columns parts={parts} columns={figures.hours.map((each) => ({ label: hourName(each.hour), values: [each.answered_calls, each.total_calls - each.answered_calls] }))} />
      <Legend entries={parts} />
    </ChartPanel>
  );
}

function Outcomes({ figures }: { figures: Figures }) {
  const calls = figures.performance_metrics;
  const parts = [
    { shade: "confirmed", name: "Answered", value: calls.answered_calls },
    { shade: "moved", name: "Voicemail", value: calls.voicemail_calls },
    { shade: "waiting", name: "No answer", value: calls.no_answer_calls },
    { shade: "calling", name: "Busy", value: calls.busy_calls },
    { shade: "unreached", name: "Failed", value: calls.failed_calls },
  ] as const;
  return <Shares parts={parts} total={calls.total_calls} label="How calls ended" />;
}

/** How their appointments stand now. */
function Appointments({ figures }: { figures: Figures }) {
  const nouns = useNouns();
  const found = figures.appointment_distribution;
  const parts = [
    { shade: "confirmed", name: "Confirmed", value: found.confirmed },
    { shade: "waiting", name: "Waiting", value: found.pending },
    { shade: "moved", name: "Moved", value: found.rescheduled },
    { shade: "cancelled", name: "Cancelled", value: found.cancelled },
    { shade: "unreached", name: "No appointment", value: found.none },
  ] as const;
  return (
    <Panel title="Their appointments now" padded>
      <Shares parts={parts} total={figures.member_statistics.total_members} label={`${nouns.Many} by the status of their appointment`} />
    </Panel>
  );
}

/** A whole in parts, with the number of each in words below. */
function Shares({ parts, total, label }: { parts: readonly { shade: Shade; name: string; value: number }[]; total: number; label: string }) {
  const said = parts.filter(({ value }) => value > 0);
  return (
    <div className={css.shares}>
      <Stack parts={said.map(({ shade, value }) => ({ shade, value }))} total={total} label={`${label}: ${said.map(({ name, value }) => `${name} ${number(value)}`).join(", ")}`} />
      <ul className={css.words} aria-hidden>
        {said.map(({ shade, name, value }) => (
          <li key={name}>
            <Sample shade={shade} /> {name} <b className="num">{number(value)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
