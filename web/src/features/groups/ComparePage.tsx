import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Award, ChevronRight, Plus, TriangleAlert } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useLook } from "@/features/preferences/look";
import { useNouns } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { duration } from "@/lib/time";
import { number } from "@/lib/words";
import { Swatch } from "@/ui/Badge";
import { Button, buttonClass } from "@/ui/Button";
import { Empty, ErrorNote, Hint, Skeleton } from "@/ui/Notes";
import { PageHeader, Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import { Bars } from "@/ui/chart/Bars";
import { ChartPanel } from "@/ui/chart/ChartPanel";
import { Lines, Sample } from "@/ui/chart/Lines";
import { cx } from "@/ui/cx";
import css from "./Analytics.module.css";
import page from "./GroupPage.module.css";
import { PERIODS, inPeriod, percent, stepName, useComparison, type Analysed, type Days, type Figures } from "./analytics";
import { GroupDialog } from "./GroupDialog";
import { useGroups } from "./queries";

/** Groups that are compared at most, and lines that can still be told apart. */
const MOST = 10;
const LINES = 5;

interface Told {
  info: Analysed["group_info"];
  figures: Figures;
}

/** Groups side by side: how often people answer, confirm, and need another call. */
export default function ComparePage(): ReactNode {
  const { ids = [], days = 30 } = useSearch({ from: "/groups/compare" });
  const navigate = useNavigate();
  const may = useMay();
  const groups = useGroups().data?.groups ?? [];
  const answer = useComparison(ids, days);
  const go = (search: { ids?: string[]; days?: Days }) => {
    const next = { ids, days, ...search };
    void navigate({ to: "/groups/compare", search: { ...(next.ids.length > 0 && { ids: next.ids }), ...(next.days !== 30 && { days: next.days }) }, replace: true });
  };
  const toggle = (id: string) => go({ ids: ids.includes(id) ? ids.filter((each) => each !== id) : [...ids, id].slice(-MOST) });
  const told = (answer.data?.groups ?? []).flatMap(({ group_info: info, figures }): Told[] => (figures ? [{ info, figures }] : []));
  const hidden = (answer.data?.groups.length ?? 0) - told.length;
  if (!may("view_basic_analytics")) return <Empty title="You may not see figures">An administrator can allow it.</Empty>;
  return (
    <div className={page.page}>
      <PageHeader
        above={
          <nav aria-label="Where you are" className={page.crumbs}>
            <Link to="/groups">Groups</Link> <ChevronRight size={14} aria-hidden /> <span>Compare</span>
          </nav>
        }
        title="Compare groups"
        line={ids.length >= 2 ? `${number(ids.length)} groups` : groups.length > 1 ? "All groups. Choose two or more to see only those." : undefined}
        actions={<Segments label="Over how long" value={`${days}`} options={PERIODS} onChange={(chosen) => go({ days: Number(chosen) as Days })} />}
      />
      {groups.length > 1 && (
        <div role="group" aria-label="Groups to compare" className={css.choose}>
          {groups.map((each) => (
            <button key={each.id} type="button" aria-pressed={ids.includes(each.id)} className={cx(css.choice, ids.includes(each.id) && css.chosen)} onClick={() => toggle(each.id)}>
              <Swatch color={each.color} /> <bdi>{each.name}</bdi>
            </button>
          ))}
        </div>
      )}
      {answer.isPending && <Skeleton rows={4} tall />}
      {answer.isError && <ErrorNote error={answer.error} what="Could not compare." retry={() => void answer.refetch()} />}
      {answer.data && told.length === 0 && <Nothing groups={answer.data.groups.length} />}
      {hidden > 0 && told.length > 0 && <Hint>{`${number(hidden)} ${hidden === 1 ? "group has" : "groups have"} fewer than five people: their figures are not shown.`}</Hint>}
      {answer.data && told.length > 0 && <Compared told={told} days={days} best={answer.data.summary.best_performing_group ?? null} low={answer.data.summary.needs_attention_groups} mean={answer.data.summary.overall_group_effectiveness ?? null} />}
    </div>
  );
}

/** What a comparison needs that is not there, and the way to it. */
function Nothing({ groups }: { groups: number }) {
  const may = useMay();
  const nouns = useNouns();
  const [making, setMaking] = useState(false);
  const manages = may("manage_business_settings");
  const needed = `Each group has its own line here: how often its ${nouns.many} answer, confirm, and need another call. It takes five ${nouns.many} in a group, so that figures tell nobody’s own story`;
  return (
    <>
      <Empty
        title={groups === 0 ? "No groups to compare yet" : groups === 1 ? "The group is too small for figures" : "The groups are too small for figures"}
        action={
          <div className={page.buttons}>
            {manages && (
              <Button look="primary" icon={Plus} onPress={() => setMaking(true)}>
                New group
              </Button>
            )}
            {groups > 0 && (
              <Link to="/groups" className={buttonClass({})}>
                See the groups
              </Link>
            )}
          </div>
        }
      >
        {!manages ? `${needed}. An administrator makes groups.` : `${needed}.`}
      </Empty>
      {making && <GroupDialog onClose={() => setMaking(false)} />}
    </>
  );
}

function Compared({ told, days, best, low, mean }: { told: Told[]; days: Days; best: string | null; low: string[]; mean: number | null }) {
  const look = useLook();
  const rates = look.rates === "shown";
  const called = told.filter(({ figures }) => figures.performance_metrics.total_calls > 0);
  const bars = (rate: (figures: Figures) => number | null | undefined) =>
    called.map(({ info, figures }) => ({ id: info.id, name: info.name, color: info.color, percent: rate(figures) ?? null, note: `of ${number(figures.performance_metrics.total_calls)}` }));
  return (
    <div className={css.page}>
      <Panel title="Figures" footer={!rates ? undefined : mean === null ? "Groups with at least 20 calls are ranked by their score: the mean of answered, confirmed and called." : `Mean score ${String(Math.round(mean))}. A group ten points or more below it needs attention.`}>
        {/* Read by keyboard where it is wider than its place. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div className={css.scroll} role="region" aria-label="Figures of the groups" tabIndex={0}>
          <table className={css.compare}>
            <thead>
              <tr>
                {["Group", "Members", "Calls", ...(rates ? ["Answered", "Confirmed"] : []), "Called", "Repeated", "Length", ...(rates ? ["Score"] : [])].map((each) => (
                  <th key={each} scope="col">
                    {each}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {told.map(({ info, figures }) => (
                <tr key={info.id}>
                  <th scope="row">
                    <span className={css.who}>
                      <Swatch color={info.color} />
                      <Link to="/groups/$groupId/$tab" params={{ groupId: info.id, tab: "analytics" }}>
                        <bdi>{info.name}</bdi>
                      </Link>
                    </span>
                    {info.id === best && (
                      <span className={cx(css.mark, css.best)}>
                        <Award size={14} aria-hidden /> Best
                      </span>
                    )}
                    {low.includes(info.id) && (
                      <span className={cx(css.mark, css.low)}>
                        <TriangleAlert size={14} aria-hidden /> Needs attention
                      </span>
                    )}
                  </th>
                  <Cells figures={figures} rates={rates} />
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      {called.length === 0 ? (
        <Empty title={`Nobody in these groups was called ${inPeriod(days)}`} />
      ) : (
        <>
          {rates && <div className={css.two}>
            <Panel title="Answered" padded>
              <Bars label="Calls that were answered" bars={bars((figures) => figures.performance_metrics.answer_rate)} />
            </Panel>
            <Panel title="Confirmed, of those answered" padded>
              <Bars label="Answered calls that confirmed" bars={bars((figures) => figures.performance_metrics.confirmation_rate).map(({ note: _, ...bar }) => bar)} />
            </Panel>
          </div>}
          {look.trends === "shown" && called.length <= LINES && <Trends told={called} days={days} />}
        </>
      )}
    </div>
  );
}

function Cells({ figures, rates }: { figures: Figures; rates: boolean }) {
  const calls = figures.performance_metrics;
  const cells = [
    number(figures.member_statistics.total_members),
    number(calls.total_calls),
    ...(rates ? [percent(calls.answer_rate), percent(calls.confirmation_rate)] : []),
    percent(figures.engagement_metrics.engagement_rate),
    percent(calls.retry_rate),
    calls.average_call_duration == null ? "–" : duration(Math.round(calls.average_call_duration)),
    ...(rates ? [figures.performance_score == null ? "–" : String(Math.round(figures.performance_score))] : []),
  ];
  return cells.map((cell, at) => (
    <td key={at} className="num">
      {cell}
    </td>
  ));
}

function Trends({ told, days }: { told: Told[]; days: Days }) {
  const steps = told[0]?.figures.trend.map((step) => stepName(step.from, days)) ?? [];
  const rate = (step: Figures["trend"][number]) => (step.total_calls > 0 ? (100 * step.answered_calls) / step.total_calls : null);
  const lines = told.map(({ info, figures }) => ({ name: info.name, color: info.color, values: figures.trend.map(rate) }));
  return (
    <ChartPanel
      title="Answered over time"
      line="A step without a call has no point."
      numbers={{ columns: [days === 365 ? "Month" : days === 90 ? "Week from" : "Day", ...lines.map(({ name }) => name)], rows: steps.map((name, at) => [name, ...lines.map(({ values }) => percent(values[at]))]) }}
    >
      <Lines lines={lines} labels={steps} />
      <ul className={css.lines}>
        {lines.map(({ name, color }, place) => (
          <li key={name}>
            <Sample color={color} place={place} /> <bdi>{name}</bdi>
          </li>
        ))}
      </ul>
    </ChartPanel>
  );
}
