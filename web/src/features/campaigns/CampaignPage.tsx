import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight, Pause, Play, Square } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMay } from "@/features/session/use";
import { dayAndTimeWithin } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { useParam } from "@/lib/useParam";
import { count, number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { cx } from "@/ui/cx";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { PageHeader, Panel } from "@/ui/Panel";
import { toast } from "@/ui/toast";
import { CampaignBadge } from "./CampaignBadge";
import css from "./CampaignPage.module.css";
import { Pace } from "./Pace";
import { Progress } from "./Progress";
import { isGoing, useCampaignStatus, type CampaignStatus } from "./queries";
import { skipReason } from "./reasons";
import { Results } from "./Results";

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
  const acts = isGoing(campaign.status) && may("modify_call_schedules");
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
          acts && (
            <div className={css.act}>
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
            </div>
          )
        }
      />
      {act.isError && <ErrorNote error={act.error} what="Nothing was changed." />}
      <Progress campaign={campaign} />
      <div className={cx(css.columns, acts && css.below)}>
        <Results campaign={campaign} />
        <div className={css.side}>
          <Pace campaign={campaign} at={at} />
          {skipped.length > 0 && (
            <Panel title={<>Left out <span className="faint">{number(counts.skipped)}</span></>} padded>
              <ul className={css.left}>
                {skipped.map(([reason, people]) => {
                  const { name, icon: Icon } = skipReason(reason);
                  return (
                    <li key={reason}>
                      <Icon size={15} aria-hidden /> {name} <b className="num">{number(people)}</b>
                    </li>
                  );
                })}
              </ul>
            </Panel>
          )}
          {campaign.custom_message && (
            <Panel title="Words added" padded>
              <q>{campaign.custom_message}</q>
            </Panel>
          )}
        </div>
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
