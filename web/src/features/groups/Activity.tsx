import { useInfiniteQuery } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { useNouns, useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { dayAndTime } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { count, humane, number } from "@/lib/words";
import { gathered, isLook } from "@/features/contacts/record/looks";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { ShowMore } from "@/ui/ShowMore";
import css from "./GroupPage.module.css";

const ACTION: Record<string, string> = {
  "group.created": "Made",
  "group.updated": "Changed",
  "group.members_added": "Members added",
  "group.members_removed": "Members removed",
  "group.members_changed": "Members changed",
};

/** Who changed the group, and when. */
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
  return (
    <Panel>
      {list.isPending && <Skeleton rows={4} />}
      {list.isError && <ErrorNote error={list.error} what="Could not load the activity." retry={() => void list.refetch()} />}
      {list.data && entries.length === 0 && <Empty title="Nothing has happened yet" />}
      <ul className={css.rows}>
        {gathered(entries, (each) => each.by_user ?? "").map(({ entry: each, times }) => (
          <li key={each.id}>
            <b>{isLook(each) ? "Looked at" : (ACTION[each.action] ?? humane(each.action))}</b>
            <span className="muted">
              {[each.added.length > 0 && `${count(each.added.length, nouns.one, nouns.many)} in`, each.removed.length > 0 && `${count(each.removed.length, nouns.one, nouns.many)} out`, each.reason && `“${each.reason}”`].filter(Boolean).join(", ")}
            </span>
            <span className="faint">
              {dayAndTime(new Date(each.at), zone, at)}
              {`, ${colleague(each.by_user) ?? (each.by_user ? "a colleague" : "Vio")}`}
              {times > 1 && `, ${number(times)} times`}
            </span>
          </li>
        ))}
      </ul>
      <ShowMore list={list} bare />
    </Panel>
  );
}
