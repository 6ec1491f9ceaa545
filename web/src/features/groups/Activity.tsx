import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { api, body, type Schemas } from "@/api/client";
import { CampaignBadge } from "@/features/campaigns/CampaignBadge";
import { useCampaigns, type CampaignSummary } from "@/features/campaigns/queries";
import { useNouns, useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { dayAndTime } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { count, humane, number } from "@/lib/words";
import { gathered, isLook } from "@/features/contacts/record/looks";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { ShowMore } from "@/ui/ShowMore";
import { cx } from "@/ui/cx";
import css from "./GroupPage.module.css";

const ACTION: Record<string, string> = {
  "group.created": "Made",
  "group.updated": "Changed",
  "group.members_added": "Members added",
  "group.members_removed": "Members removed",
  "group.members_changed": "Members changed",
};

const FEW = 12;
const MOST_AT_ONCE = 6;

type Entry = Schemas["GroupHistory"]["entries"][number];
type Happened = { entry: Entry; times: number } | { run: CampaignSummary };

const when = (each: Happened): string => ("run" in each ? each.run.created_at : each.entry.at);

/** Who changed the group and called everybody in it, and when. */
export function Activity({ groupId }: { groupId: string }) {
  const zone = useZone();
  const at = useNow();
  const nouns = useNouns();
  const colleague = useColleague();
  const list = useInfiniteQuery({
    queryKey: ["groups", groupId, "history"],
    queryFn: ({ pageParam }) => body(api.GET("/api/groups/{group_id}/history", { params: { path: { group_id: groupId }, query: { page_size: 50, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });
  const entries = list.data?.pages.flatMap((page) => page.entries) ?? [];
  const oldest = list.hasNextPage ? (entries.at(-1)?.at ?? "") : "";
  // The group's own history does not tell of its campaigns: they stand among it by their time.
  const runs = useCampaigns().data?.campaigns.filter((each) => each.group_id === groupId && each.created_at >= oldest) ?? [];
  const happened: Happened[] = [...gathered(entries, (each) => each.by_user ?? ""), ...runs.map((run) => ({ run }))];
  happened.sort((a, b) => when(b).localeCompare(when(a)));
  // A page of looks is one line: more is read until there is something to see, but not without end.
  const { hasNextPage, isFetching, fetchNextPage } = list;
  const wanting = hasNextPage && !isFetching && happened.length < FEW && (list.data?.pages.length ?? 0) < MOST_AT_ONCE;
  useEffect(() => {
    if (wanting) void fetchNextPage();
  }, [wanting, fetchNextPage]);
  return (
    <Panel>
      {list.isPending && <Skeleton rows={4} />}
      {list.isError && <ErrorNote error={list.error} what="Could not load the activity." retry={() => void list.refetch()} />}
      {list.data && happened.length === 0 && <Empty title="Nothing has happened yet" />}
      <ul className={cx(css.rows, css.events)}>
        {happened.map((each) => {
          if ("run" in each) {
            const { run } = each;
            return (
              <li key={run.campaign_id}>
                <b>
                  <Link to="/calls/campaigns/$campaignId" params={{ campaignId: run.campaign_id }}>
                    Everybody called
                  </Link>
                </b>
                <span className={css.what}>
                  {count(run.total_members, nouns.one, nouns.many)} <CampaignBadge status={run.status} />
                </span>
                <span className="faint">{`${dayAndTime(new Date(run.created_at), zone, at)}, ${colleague(run.started_by) ?? "a colleague"}`}</span>
              </li>
            );
          }
          const { entry, times } = each;
          const people = (of: unknown[], what: string) => of.length > 0 && `${count(of.length, nouns.one, nouns.many)} ${what}`;
          return (
            <li key={entry.id}>
              <b>{isLook(entry) ? "Looked at" : (ACTION[entry.action] ?? humane(entry.action))}</b>
              <span className={css.what}>{[people(entry.added, "put in"), people(entry.removed, "taken out"), entry.reason && `“${entry.reason}”`].filter(Boolean).join(", ")}</span>
              <span className="faint">
                {dayAndTime(new Date(entry.at), zone, at)}
                {`, ${colleague(entry.by_user) ?? (entry.by_user ? "a colleague" : "Vio")}`}
                {times > 1 && `, ${number(times)} times`}
              </span>
            </li>
          );
        })}
      </ul>
      <ShowMore list={list} />
    </Panel>
  );
}
