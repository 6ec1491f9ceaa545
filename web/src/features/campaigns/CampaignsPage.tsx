import { Link } from "@tanstack/react-router";
import { Megaphone } from "lucide-react";
import { CallTabs } from "@/features/calls/CallTabs";
import css from "@/features/calls/CallsPage.module.css";
import { useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMay } from "@/features/session/use";
import { dayAndTime } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { count } from "@/lib/words";
import { buttonClass } from "@/ui/Button";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { CampaignBadge } from "./CampaignBadge";
import { useCampaigns } from "./queries";

export default function CampaignsPage() {
  const zone = useZone();
  const at = useNow();
  const may = useMay();
  const colleague = useColleague();
  const list = useCampaigns();
  return (
    <>
      <CallTabs />
      <Panel title="Campaigns">
        {list.isPending && <Skeleton rows={4} />}
        {list.isError && <ErrorNote error={list.error} what="Could not load the campaigns." retry={() => void list.refetch()} />}
        {list.data?.campaigns.length === 0 && (
          <Empty
            title="No campaigns yet"
            action={
              may("modify_call_schedules") && (
                <Link to="/groups" className={buttonClass({ look: "primary" })}>
                  <Megaphone size={16} aria-hidden /> Choose a group to call
                </Link>
              )
            }
          >
            A campaign calls everybody in a group, as fast as your limit allows.
          </Empty>
        )}
        <ul>
          {list.data?.campaigns.map((each) => (
            <li key={each.campaign_id} className={`${css.row ?? ""} ${css.history ?? ""}`}>
              <span className={`${css.time ?? ""} num`}>{dayAndTime(new Date(each.starts_at), zone, at)}</span>
              <Link to="/calls/campaigns/$campaignId" params={{ campaignId: each.campaign_id }} className={css.name}>
                <bdi>{each.group_name ?? "Selected people"}</bdi>
              </Link>
              <span className={css.result}>
                <CampaignBadge status={each.status} />
              </span>
              <span className={`${css.how ?? ""} muted`}>{count(each.total_members, "person", "people")}</span>
              <span className="faint">{colleague(each.started_by)}</span>
            </li>
          ))}
        </ul>
      </Panel>
    </>
  );
}
