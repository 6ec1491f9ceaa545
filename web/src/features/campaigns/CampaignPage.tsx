import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight, Pause, Play, Square } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { callWord, endWords } from "@/features/calls/words";
import { Name } from "@/features/preferences/hidden";
import { useLook } from "@/features/preferences/look";
import { useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMay } from "@/features/session/use";
import { clock, dayAndTime, dayAndTimeWithin, distance } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { useParam } from "@/lib/useParam";
import { count, number } from "@/lib/words";
import { Badge, IconTile } from "@/ui/Badge";
import { Stack } from "@/ui/Bar";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Facts, PageHeader, Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import { ShowMore } from "@/ui/ShowMore";
import { toast } from "@/ui/toast";
import { CampaignBadge } from "./CampaignBadge";
import css from "./CampaignPage.module.css";
import { isGoing, useCampaignResults, useCampaignStatus, type CampaignResult, type CampaignStatus } from "./queries";
import { skipReason } from "./reasons";

const TYPE: Record<string, string> = { immediate: "as fast as allowed", scheduled: "at a set time", staggered: "spread out" };

/** How a campaign goes: its end first, then what came of each call. */
export default function CampaignPage() {
  const campaignId = useParam("campaignId") ?? "";
  const status = useCampaignStatus(campaignId);
  if (status.isPending) return <Skeleton rows={4} tall />;
  if (status.isLoadingError) return <ErrorNote error={status.error} what="Could not load this campaign." retry={() => void status.refetch()} />;
  return <Campaign campaign={status.data} />;
}

function Campaign({ campaign }: { campaign: CampaignStatus }) {
  const rates = useLook().rates === "shown";
  const zone = useZone();
  const at = useNow();
  const may = useMay();
  const colleague = useColleague();
  const client = useQueryClient();
  const [stopping, setStopping] = useState(false);
  const path = { params: { path: { campaign_id: campaign.campaign_id } }, body: {} };
  const act = useMutation({
    mutationFn: (what: "pause" | "resume" | "cancel") =>
      body(
        what === "pause" ? api.POST("/api/groups/campaigns/{campaign_id}/pause", path) : what === "resume" ? api.POST("/api/groups/campaigns/{campaign_id}/resume", path) : api.POST("/api/groups/campaigns/{campaign_id}/cancel", path),
      ),
    onSuccess: (_, what) => {
      setStopping(false);
      toast(what === "pause" ? "Paused. Calls already ringing finish." : what === "resume" ? "Calling goes on." : "Stopped.");
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ["campaigns"] }),
  });
  const { counts } = campaign;
  const toCall = campaign.total_members - counts.skipped;
  const called = counts.completed + counts.failed + counts.placing;
  const outcomes = campaign.outcomes;
  const outcome = (key: string) => (typeof outcomes[key] === "number" ? outcomes[key] : 0);
  const reached = outcome("answered");
  const missed = counts.completed - reached + counts.failed;
  const going = isGoing(campaign.status);
  const end = campaign.estimated_completion ? new Date(campaign.estimated_completion) : null;
  const skipped = Object.entries(campaign.skipped_by_reason).filter((pair): pair is [string, number] => typeof pair[1] === "number");
  const starter = colleague(campaign.started_by);
  return (
    <>
      <PageHeader
        above={
          <nav aria-label="Where you are" className={css.crumbs}>
            <Link to="/calls">Calls</Link> <ChevronRight size={14} aria-hidden /> <Link to="/calls/campaigns">Campaigns</Link>
          </nav>
        }
        title={
          <span className={css.title}>
            <bdi>{campaign.group_name ?? "Selected people"}</bdi> <CampaignBadge status={campaign.status} />
          </span>
        }
        line={`${campaign.status === "scheduled" ? "Starts" : "Started"} ${dayAndTimeWithin(new Date(campaign.starts_at), zone, at)}${starter ? ` by ${starter}` : ""}, ${TYPE[campaign.call_type] ?? campaign.call_type}, ${campaign.priority_level} priority.`}
        actions={
          going &&
          may("modify_call_schedules") && (
            <>
              {campaign.status === "paused" ? (
                <Button icon={Play} isPending={act.isPending} onPress={() => act.mutate("resume")}>
                  Resume
                </Button>
              ) : (
                <Button icon={Pause} isPending={act.isPending} onPress={() => act.mutate("pause")}>
                  Pause
                </Button>
              )}
              <Button look="danger" icon={Square} onPress={() => setStopping(true)}>
                Stop campaign
              </Button>
            </>
          )
        }
      />
      {act.isError && <ErrorNote error={act.error} what="Nothing was changed." />}
      <section className={css.progress} aria-label="Progress">
        <div className={css.bar}>
          <p className={css.end}>
            {end ? (
              <>
                <b>{clock(end, zone)}</b> expected end, {end.getTime() - at.getTime() < 60_000 ? "finishing" : distance(end, at)}
              </>
            ) : campaign.completed_at ? (
              <>
                <b>Finished</b> {dayAndTimeWithin(new Date(campaign.completed_at), zone, at)}
              </>
            ) : campaign.cancelled_at ? (
              <>
                <b>Stopped</b> {dayAndTimeWithin(new Date(campaign.cancelled_at), zone, at)}
              </>
            ) : campaign.status === "paused" ? (
              <>
                <b>Paused</b> {campaign.paused_at && `since ${dayAndTimeWithin(new Date(campaign.paused_at), zone, at)}`}
              </>
            ) : (
              <b>Calling</b>
            )}
          </p>
          <Stack
            label={`${number(reached)} reached, ${number(missed)} not reached, ${number(counts.placing)} on the phone, ${number(counts.planned)} to go`}
            total={toCall}
            parts={[
              { shade: "confirmed", value: reached },
              { shade: "unreached", value: missed },
              { shade: "calling", value: counts.placing },
            ]}
          />
          <ul className={css.legend}>
            <li>
              <b className="num">{number(reached)}</b> reached
            </li>
            <li>
              <b className="num">{number(missed)}</b> not reached
            </li>
            <li>
              <b className="num">{number(counts.placing)}</b> on the phone
            </li>
            <li>
              <b className="num">{number(counts.planned)}</b> to go
            </li>
            {counts.cancelled > 0 && (
              <li>
                <b className="num">{number(counts.cancelled)}</b> stopped
              </li>
            )}
          </ul>
        </div>
        <dl className={css.figures}>
          <div>
            <dt>Called</dt>
            <dd className="num">
              {number(called)} <small>of {number(toCall)}</small>
            </dd>
          </div>
          {rates && campaign.success_rate != null && (
            <div>
              <dt>Reached</dt>
              <dd className="num">{Math.round(campaign.success_rate)}%</dd>
            </div>
          )}
        </dl>
      </section>
      <div className={css.columns}>
        <Results campaign={campaign} counts={{ all: campaign.total_members, reached, missed: missed + counts.cancelled, open: counts.planned + counts.placing, skipped: counts.skipped }} />
        {(skipped.length > 0 || campaign.custom_message) && (
          <div className={css.side}>
            {skipped.length > 0 && (
              <Panel title={<>Left out <span className="faint">{number(counts.skipped)}</span></>} padded>
                <Facts rows={skipped.map(([reason, people]) => [skipReason(reason).name, number(people)])} />
              </Panel>
            )}
            {campaign.custom_message && (
              <Panel title="Words added" padded>
                <q>{campaign.custom_message}</q>
              </Panel>
            )}
          </div>
        )}
      </div>
      {stopping && (
        <Dialog
          title="Stop this campaign?"
          alert
          open
          onClose={() => setStopping(false)}
          footer={
            <>
              <Button onPress={() => setStopping(false)}>Keep calling</Button>
              <Button look="danger" isPending={act.isPending} onPress={() => act.mutate("cancel")}>
                Stop
              </Button>
            </>
          }
        >
          <p>{count(counts.planned, "person", "people")} will not be called. Calls already ringing finish.</p>
        </Dialog>
      )}
    </>
  );
}

const SHOWN = { all: "All", reached: "Reached", missed: "Not reached", open: "To go", skipped: "Left out" } as const;

function kindOf(result: CampaignResult): keyof typeof SHOWN {
  if (result.status === "skipped") return "skipped";
  if (["waiting", "planned", "calling"].includes(result.status)) return "open";
  return result.success ? "reached" : "missed";
}

/** When somebody's turn comes: from an hour on, or as soon as a call is free. */
const turn = (due: Date, zone: string, at: Date): string => (due <= at ? "In line" : `From ${dayAndTimeWithin(due, zone, at)}`);

function Results({ campaign, counts }: { campaign: CampaignStatus; counts: Record<keyof typeof SHOWN, number> }) {
  const zone = useZone();
  const at = useNow();
  const results = useCampaignResults(campaign.campaign_id);
  const [shown, setShown] = useState<keyof typeof SHOWN>("all");
  const all = results.data?.pages.flatMap((page) => page.results) ?? [];
  const rows = all.filter((each) => shown === "all" || kindOf(each) === shown);
  return (
    <Panel title="Results" aside={<Segments label="Which results" value={shown} onChange={setShown} options={(Object.keys(SHOWN) as (keyof typeof SHOWN)[]).map((id) => ({ id, name: SHOWN[id], count: number(counts[id]) }))} />}>
      {results.isPending && <Skeleton rows={6} />}
      {results.isError && <ErrorNote error={results.error} what="Could not load the results." retry={() => void results.refetch()} />}
      {results.data && rows.length === 0 && <p className={css.none}>Nobody here{results.hasNextPage ? " among those loaded" : ""}.</p>}
      <ul>
        {rows.map((each) => {
          const skipped = each.status === "skipped";
          const status = each.status === "waiting" || each.status === "planned" ? "planned" : each.status === "calling" ? "ringing" : each.status;
          const word = callWord({ status, outcome: each.outcome ?? null, appointment_action: each.appointment_action ?? null, due_at: each.due_at ?? "9999-01-01T00:00:00Z" }, at);
          return (
            <li key={each.contact_id} className={css.row}>
              {skipped ? <IconTile icon={skipReason(each.skip_reason ?? "").icon} /> : <IconTile icon={word.icon} tone={word.tone} />}
              <Link to="/contacts/$contactId" params={{ contactId: each.contact_id }} className={css.name}>
                <Name>{each.contact_name ?? "Deleted"}</Name>
              </Link>
              <span>
                <Badge tone={skipped ? "neutral" : word.tone}>{skipped ? "Left out" : each.status === "calling" ? "On the phone" : status === "planned" ? "To go" : word.word}</Badge>
              </span>
              <span className={css.when}>
                {skipped ? skipReason(each.skip_reason ?? "").name : each.ended_at ? dayAndTime(new Date(each.ended_at), zone, at) : each.due_at ? turn(new Date(each.due_at), zone, at) : ""}
                {each.error && `, ${endWords(each.error)}`}
              </span>
            </li>
          );
        })}
      </ul>
      <ShowMore list={results} />
    </Panel>
  );
}

