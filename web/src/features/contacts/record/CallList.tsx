import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import type { GuardSaw } from "@/api/problem";
import { DecisionList } from "@/features/calls/DecisionList";
import { METHOD, callWord } from "@/features/calls/words";
import { useZone } from "@/features/session/business";
import { dayAndTime } from "@/lib/time";
import { Badge } from "@/ui/Badge";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { ShowMore } from "@/ui/ShowMore";
import { Time } from "@/ui/Time";
import css from "./Timeline.module.css";

/** Every call to this person, planned ones too, each with why it was made or was not. */
export function CallList({ contactId }: { contactId: string }) {
  const list = useInfiniteQuery({
    queryKey: ["contacts", contactId, "calls", "all"],
    queryFn: ({ pageParam }) => body(api.GET("/api/contacts/{contact_id}/calls", { params: { path: { contact_id: contactId }, query: { page_size: 25, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });
  const calls = list.data?.pages.flatMap((page) => page.calls) ?? [];
  if (list.isPending) return <Skeleton rows={3} />;
  return (
    <>
      {list.isError && <ErrorNote error={list.error} what="Could not load the calls." retry={() => void list.refetch()} />}
      {list.data && calls.length === 0 && <Empty title="Not called yet">Calls appear here with what was checked before each.</Empty>}
      <ul className={css.rows}>
        {calls.map((call) => (
          <Row key={call.session_id} call={call} />
        ))}
      </ul>
      <ShowMore list={list} />
    </>
  );
}

function Row({ call }: { call: Schemas["ContactCall"] }) {
  const zone = useZone();
  const [open, setOpen] = useState(false);
  const word = callWord(call, now());
  const last = call.decisions.at(-1);
  const when = call.ended_at ?? call.placed_at ?? call.due_at;
  return (
    <li>
      <Badge tone={word.tone} icon={word.icon}>
        {word.word}
      </Badge>
      <span>
        <b>{METHOD[call.method] ?? call.method}</b> <Time at={when} zone={zone} className="muted">
          {dayAndTime(new Date(when), zone, now())}
        </Time>
      </span>
      {last && last.guards.length > 0 ? (
        <button type="button" className={css.link} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Hide checks" : "What was checked"}
        </button>
      ) : (
        <span />
      )}
      {open && last && (
        <div className={`${css.under ?? ""} ${css.checks ?? ""}`}>
          <DecisionList guards={last.guards as unknown as GuardSaw[]} />
        </div>
      )}
    </li>
  );
}
