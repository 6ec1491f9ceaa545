import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, body } from "@/api/client";
import { Name } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { dayAndTime, duration } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { LiveRows } from "@/ui/LiveRows";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import { ShowMore } from "@/ui/ShowMore";
import { Time } from "@/ui/Time";
import { cx } from "@/ui/cx";
import { CallTabs } from "./CallTabs";
import css from "./CallsPage.module.css";
import { DecisionList } from "./DecisionList";
import { useCall, type CallSession } from "./queries";
import { METHOD, callWord } from "./words";

const STATUSES = [
  { id: "completed", name: "Finished" },
  { id: "failed", name: "Failed" },
  { id: "cancelled", name: "Not called" },
  { id: "unknown", name: "Result unknown" },
] as const;

/** Calls that are over, each with why it was made and what came of it. */
export default function HistoryPage() {
  const [status, setStatus] = useState<(typeof STATUSES)[number]["id"]>("completed");
  const [open, setOpen] = useState<string | null>(null);
  const list = useInfiniteQuery({
    queryKey: ["calls", "history", status],
    queryFn: ({ pageParam }) => body(api.GET("/api/calls", { params: { query: { status, page_size: 25, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
  const others = list.isPlaceholderData;
  const calls = list.data?.pages.flatMap((page) => page.calls) ?? [];
  return (
    <>
      <CallTabs />
      <Panel title="History" busy={others} aside={<Segments label="Which calls" value={status} onChange={setStatus} options={STATUSES.map((each) => ({ ...each }))} />}>
        {(list.isPending || (others && calls.length === 0)) && <Skeleton rows={6} />}
        {list.isError && <ErrorNote error={list.error} what="Could not load call history. The rest is up to date." retry={() => void list.refetch()} />}
        {list.data && !others && calls.length === 0 && !list.hasNextPage && <Empty title="No calls like this yet" />}
        {list.data && (
          <LiveRows of={`${others ? "others" : status} ${String(list.data.pages.length)}`} items={calls} keyOf={sessionOf}>
            {(call, came) => <Row key={call.session_id} call={call} came={came} onOpen={() => setOpen(call.session_id)} />}
          </LiveRows>
        )}
        <ShowMore list={list} />
      </Panel>
      {open && <CallDialog sessionId={open} onClose={() => setOpen(null)} />}
    </>
  );
}

const sessionOf = (call: CallSession): string => call.session_id;

function Row({ call, came, onOpen }: { call: CallSession; came: string | undefined; onOpen: () => void }) {
  const zone = useZone();
  const at = useNow();
  const word = callWord(call, at);
  const when = call.ended_at ?? call.placed_at ?? call.due_at;
  return (
    <li className={cx(css.row, css.history, came)}>
      <Time at={when} zone={zone} className={`${css.time ?? ""} num`}>
        {dayAndTime(new Date(when), zone, at)}
      </Time>
      <Link to="/contacts/$contactId" params={{ contactId: call.contact_id }} className={css.name}>
        <Name>{call.contact_name ?? "Deleted"}</Name>
      </Link>
      <span className={css.result}>
        <Badge tone={word.tone} icon={word.icon}>
          {word.word}
        </Badge>
      </span>
      <span className={`${css.how ?? ""} muted`}>
        {METHOD[call.method] ?? call.method}
        {call.call_duration ? `, ${duration(call.call_duration)}` : ""}
      </span>
      <Button small look="quiet" onPress={onOpen}>
        Why
      </Button>
    </li>
  );
}

function CallDialog({ sessionId, onClose }: { sessionId: string; onClose: () => void }) {
  const zone = useZone();
  const at = useNow();
  const call = useCall(sessionId);
  return (
    <Dialog title="Why this call was made, or not" kind="sheet" open onClose={onClose}>
      {call.isPending && <Skeleton rows={5} />}
      {call.isError && <ErrorNote error={call.error} what="Could not load the checks." retry={() => void call.refetch()} />}
      {call.data?.decisions.length === 0 && <p className="muted">Nothing was checked for this call.</p>}
      {call.data?.decisions.map((each) => (
        <section key={each.at}>
          <h3>{`${{ place: "Placed", redate: "Put off", settle: "Ended", stopped: "Stopped", refuse: "Refused" }[each.verdict] ?? each.verdict}, ${dayAndTime(new Date(each.at), zone, at)}`}</h3>
          <DecisionList guards={each.guards} />
        </section>
      ))}
    </Dialog>
  );
}
