import { Link } from "@tanstack/react-router";
import { Megaphone } from "lucide-react";
import { useCampaigns, useCampaignStatus } from "@/features/campaigns/queries";
import { Name } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { clock, dayAndTime, endAbout } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { capital, count, number } from "@/lib/words";
import { Meter } from "@/ui/Bar";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { Time } from "@/ui/Time";
import css from "./CallsNow.module.css";
import { useNextCalls } from "./queries";

export function NextCalls() {
  const next = useNextCalls();
  const zone = useZone();
  const at = useNow();
  const running = useCampaigns().data?.campaigns.filter((each) => ["executing", "paused", "preparing"].includes(each.status)) ?? [];
  const coming = next.data?.contacts.filter((each) => each.next_call_at) ?? [];
  return (
    <Panel title="Next calls" aside={next.data && <span className="faint">{number(next.data.total)} planned today</span>}>
      {next.isPending && <Skeleton rows={3} />}
      {next.isError && <ErrorNote error={next.error} what="Could not load the next calls." retry={() => void next.refetch()} />}
      {next.data && coming.length === 0 && <p className={css.none}>No more calls are planned today.</p>}
      <ul className={css.list}>
        {coming.slice(0, 6).map((each) => (
          <li key={each.id} className={css.next}>
            <span className="num">
              {each.next_call_at && (
                <Time at={each.next_call_at} zone={zone}>
                  {Date.parse(each.next_call_at) <= at.getTime() ? (
                    "In line"
                  ) : (
                    <>
                      <span className={css.roughly}>about</span> {clock(new Date(each.next_call_at), zone)}
                    </>
                  )}
                </Time>
              )}
            </span>
            <Link to="/contacts/$contactId" params={{ contactId: each.id }} className={css.name}>
              <Name>{each.name}</Name>
            </Link>
            <span className={css.about}>
              {each.appointment_time && dayAndTime(new Date(each.appointment_time), zone, at)}
              {each.call_attempts > 0 && `, try ${String(each.call_attempts + 1)}`}
            </span>
          </li>
        ))}
      </ul>
      {coming.length > 6 && (
        <p className={css.none}>
          <Link to="/contacts" search={{ call: "due_today" }}>
            See all {count(next.data?.total ?? 0, "call")} of today
          </Link>
        </p>
      )}
      {running.map((each) => (
        <RunningCampaign key={each.campaign_id} id={each.campaign_id} name={each.group_name ?? "Selected people"} />
      ))}
    </Panel>
  );
}

function RunningCampaign({ id, name }: { id: string; name: string }) {
  const zone = useZone();
  const at = useNow();
  const { data } = useCampaignStatus(id);
  // The list may be a moment behind.
  if (!data || ["completed", "cancelled"].includes(data.status)) return null;
  const called = data.total_members - data.counts.skipped - data.counts.planned;
  return (
    <Link to="/calls/campaigns/$campaignId" params={{ campaignId: id }} className={css.campaign}>
      <span className={css.head}>
        <span>
          <Megaphone size={15} aria-hidden /> <bdi>{name}</bdi>
        </span>
        <span className="faint num">
          {number(called)} of {number(data.total_members - data.counts.skipped)}
        </span>
      </span>
      <Meter label={`Progress of ${name}`} value={called} most={data.total_members - data.counts.skipped} />
      <span className="muted">{data.status === "paused" ? "Paused" : data.estimated_completion ? capital(endAbout("ends", new Date(data.estimated_completion), zone, at)) : "Calling"}</span>
    </Link>
  );
}
