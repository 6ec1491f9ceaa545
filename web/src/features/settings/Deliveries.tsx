import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Check, Clock, RotateCw, TriangleAlert } from "lucide-react";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { dayAndTime, dayAndTimeWithin } from "@/lib/time";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import type { Webhook } from "./Developers";
import css from "./settings.module.css";

type Delivery = Schemas["OutgoingDelivery"];

/** How often an open list asks again. */
const ASKED_MS = 3_000;
/** How far back “all that failed” goes: as long as deliveries are kept. */
const KEPT_MS = 30 * 24 * 3_600_000;

const FAULT: Record<string, string> = { timed_out: "No answer in 15 seconds", no_connection: "No connection", address_refused: "Its name leads to an address that nothing is sent to" };

function answer({ last_try: last }: Delivery): string {
  if (!last) return "Not sent yet";
  const what = last.fault ? (FAULT[last.fault] ?? last.fault) : `Answered ${last.response_status ?? ""}`;
  return `${what} after ${last.duration_ms} ms`;
}

function State({ delivery }: { delivery: Delivery }) {
  if (delivery.status === "delivered")
    return (
      <Badge tone="confirmed" icon={Check}>
        Delivered
      </Badge>
    );
  if (delivery.status === "failed")
    return (
      <Badge tone="attention" icon={TriangleAlert}>
        Failed
      </Badge>
    );
  return (
    <Badge tone="waiting" icon={Clock}>
      Waiting
    </Badge>
  );
}

/** What was sent to an address, newest first, and sending it again. */
export function Deliveries({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const zone = useZone();
  const path = { outgoing_webhook_id: webhook.id };
  const list = useInfiniteQuery({
    queryKey: ["outgoing-webhooks", webhook.id, "deliveries"],
    queryFn: ({ pageParam }) => body(api.GET("/api/outgoing-webhooks/{outgoing_webhook_id}/deliveries", { params: { path, query: { page_size: 25, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
    refetchInterval: ASKED_MS,
  });
  const replay = useMutation({
    mutationFn: (asked: Schemas["OutgoingReplay"]) => body(api.POST("/api/outgoing-webhooks/{outgoing_webhook_id}/replay", { params: { path }, body: asked })),
    onSuccess: ({ replayed }) => toast(replayed === 0 ? "Nothing had failed." : replayed === 1 ? "It is sent again." : `${replayed} are sent again.`),
    onSettled: () => void list.refetch(),
  });
  const deliveries = list.data?.pages.flatMap((page) => page.deliveries) ?? [];
  const failed = deliveries.some((each) => each.status === "failed");
  return (
    <Dialog
      title={`Deliveries to ${webhook.description ?? new URL(webhook.url).host}`}
      kind="wide"
      open
      onClose={onClose}
      footer={
        <>
          {failed && (
            <Button isPending={replay.isPending} onPress={() => replay.mutate({ failed_since: new Date(now().getTime() - KEPT_MS).toISOString() })}>
              Send all again that failed
            </Button>
          )}
          <Button look="primary" onPress={onClose}>
            Close
          </Button>
        </>
      }
    >
      {list.isPending && <Skeleton rows={3} />}
      {list.isError && <ErrorNote error={list.error} what="Could not load the deliveries." retry={() => void list.refetch()} />}
      {replay.error && <ErrorNote error={replay.error} what="Nothing was sent again." />}
      {list.data && deliveries.length === 0 && <Empty title="Nothing was sent yet">What happens from now on is listed here for 30 days. Send a sample to see how it arrives.</Empty>}
      <ul className={css.deliveries}>
        {deliveries.map((each) => (
          <li key={each.id}>
            <State delivery={each} />
            <span className={css.grow}>
              <b className="code">{each.type}</b> <span className="muted">{dayAndTime(new Date(each.timestamp), zone, now())}</span>
              <br />
              <span className="muted">
                {answer(each)}
                {each.tries > 1 && `, ${each.tries} tries`}
                {each.status === "waiting" && each.next_try_at && each.tries > 0 && `, next ${dayAndTimeWithin(new Date(each.next_try_at), zone, now())}`}
              </span>
              <br />
              <span className="faint code">{each.id}</span>
            </span>
            <Button small icon={RotateCw} aria-label={`Send again: ${each.type} of ${dayAndTimeWithin(new Date(each.timestamp), zone, now())}`} onPress={() => replay.mutate({ delivery_id: each.id })}>
              Send again
            </Button>
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <Button isPending={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()}>
          Show older ones
        </Button>
      )}
    </Dialog>
  );
}
