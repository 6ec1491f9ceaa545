import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, CirclePause, Copy, KeyRound, ListTree, Plus, Power, Send, SquarePen, Trash2, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { agoWithin, dayAndTime, dayAndTimeWithin } from "@/lib/time";
import { Badge } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Empty, ErrorNote, Hint, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { copy } from "@/ui/copy";
import { toast } from "@/ui/toast";
import { Deliveries } from "./Deliveries";
import { WebhookDialog } from "./WebhookDialog";
import css from "./settings.module.css";

export type Webhook = Schemas["OutgoingWebhook"];
export type EventType = Schemas["OutgoingEventType"];

const KEY = ["outgoing-webhooks"];
const PATH = "/api/outgoing-webhooks/{outgoing_webhook_id}";
const path = (id: string) => ({ path: { outgoing_webhook_id: id } });

const WHY: Record<string, string> = {
  staff: "Somebody on your team switched it off.",
  gone: "It answered that it is gone (410), so nothing is sent to it.",
  failing: "It took nothing for five days, so nothing is sent to it. See to the receiver, then switch it on again.",
};

type Open = { kind: "edit"; webhook?: Webhook } | { kind: "deliveries" | "rotate" | "remove"; webhook: Webhook } | null;

/** Addresses of programs of the business's own, which are told what happens. */
export function Developers() {
  const client = useQueryClient();
  const [open, setOpen] = useState<Open>(null);
  const [secret, setSecret] = useState("");
  const list = useQuery({ queryKey: KEY, queryFn: () => body(api.GET("/api/outgoing-webhooks")) });
  const again = () => void client.invalidateQueries({ queryKey: KEY });
  const close = () => setOpen(null);
  const show = (made: string) => {
    again();
    setOpen(null);
    setSecret(made);
  };
  const webhooks = list.data?.outgoing_webhooks ?? [];
  return (
    <>
      <div className={css.head}>
        <h2>Developers</h2>
        <Button look="primary" icon={Plus} isDisabled={!list.data} onPress={() => setOpen({ kind: "edit" })}>
          Add an address
        </Button>
      </div>
      {list.isPending && <Skeleton rows={3} />}
      {list.isError && <ErrorNote error={list.error} what="Could not load the addresses." retry={() => void list.refetch()} />}
      {list.data && webhooks.length === 0 && (
        <Panel>
          <Empty title="Nobody is told what happens here">
            Where a program of yours is to know at once that an appointment was confirmed or a call is over, give its address here. It gets a signed message with ids and reads the rest through the API; no name or number leaves in it.
          </Empty>
        </Panel>
      )}
      {webhooks.map((each) => (
        <Address key={each.id} webhook={each} open={setOpen} changed={again} />
      ))}
      {open?.kind === "edit" && <WebhookDialog {...(open.webhook && { webhook: open.webhook })} choice={list.data?.event_types ?? []} onClose={close} onSaved={again} onSecret={show} />}
      {open?.kind === "deliveries" && <Deliveries webhook={open.webhook} onClose={close} />}
      {open?.kind === "rotate" && <Rotate webhook={open.webhook} onClose={close} onSecret={show} />}
      {open?.kind === "remove" && <Remove webhook={open.webhook} onClose={close} onRemoved={again} />}
      {secret && <Secret secret={secret} onClose={() => setSecret("")} />}
    </>
  );
}

function State({ webhook }: { webhook: Webhook }) {
  if (!webhook.enabled)
    return (
      <Badge tone={webhook.disabled?.reason === "staff" ? "neutral" : "attention"} icon={CirclePause}>
        Switched off
      </Badge>
    );
  if (webhook.failing_since)
    return (
      <Badge tone="attention" icon={TriangleAlert}>
        Does not answer well
      </Badge>
    );
  return (
    <Badge tone="confirmed" icon={Check}>
      On
    </Badge>
  );
}

function Address({ webhook, open, changed }: { webhook: Webhook; open: (what: Open) => void; changed: () => void }) {
  const zone = useZone();
  const test = useMutation({
    mutationFn: () => body(api.POST(`${PATH}/test`, { params: path(webhook.id), body: {} })),
    onSuccess: () => open({ kind: "deliveries", webhook }),
  });
  const switched = useMutation({
    mutationFn: () => body(api.PATCH(PATH, { params: path(webhook.id), body: { enabled: !webhook.enabled } })),
    onSuccess: () => toast(webhook.enabled ? "Switched off. Nothing is sent there." : "Switched on. What waited is sent now."),
    onSettled: changed,
  });
  const failed = [test, switched].find((each) => each.error);
  const name = webhook.description ?? webhook.url;
  return (
    <Panel title={<bdi>{webhook.description ?? new URL(webhook.url).host}</bdi>} aside={<State webhook={webhook} />}>
      <div className={css.fields}>
        {webhook.disabled && (
          <Hint tone={webhook.disabled.reason === "staff" ? "neutral" : "attention"}>
            {WHY[webhook.disabled.reason] ?? "It is switched off."} {dayAndTime(new Date(webhook.disabled.at), zone, now())}.
          </Hint>
        )}
        {webhook.enabled && webhook.failing_since && <Hint tone="attention">It has taken nothing since {dayAndTimeWithin(new Date(webhook.failing_since), zone, now())}. What it did not take is tried again for three days; after five days without an answer it is switched off.</Hint>}
        <p className={css.mono}>
          <span className="code">{webhook.url}</span> <IconButton icon={Copy} label={`Copy the address of ${name}`} onPress={() => void copy(webhook.url)} />
        </p>
        <p className="muted">Told of {webhook.events.join(", ")}</p>
        {webhook.previous_secret_until && <p className="faint">The secret before signs too until {dayAndTimeWithin(new Date(webhook.previous_secret_until), zone, now())}.</p>}
        <div className={css.actions}>
          <Button small icon={ListTree} onPress={() => open({ kind: "deliveries", webhook })}>
            Deliveries
          </Button>
          <Button small icon={Send} isDisabled={!webhook.enabled} isPending={test.isPending} onPress={() => test.mutate()}>
            Send a sample
          </Button>
          <Button small icon={SquarePen} onPress={() => open({ kind: "edit", webhook })}>
            Edit
          </Button>
          <Button small icon={KeyRound} onPress={() => open({ kind: "rotate", webhook })}>
            New secret
          </Button>
          <Button small icon={Power} isPending={switched.isPending} onPress={() => switched.mutate()}>
            {webhook.enabled ? "Switch off" : "Switch on"}
          </Button>
          <Button small look="quiet" icon={Trash2} aria-label={`Remove ${name}`} onPress={() => open({ kind: "remove", webhook })}>
            Remove
          </Button>
        </div>
        {failed && <ErrorNote error={failed.error} what={failed === test ? "No sample was sent." : webhook.enabled ? "Not switched off." : "Not switched on."} onClose={failed.reset} />}
        <p className="faint">Added {agoWithin(new Date(webhook.created_at), zone, now())}.</p>
      </div>
    </Panel>
  );
}

/** A secret is shown here and never again. */
function Secret({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog
      title="The secret of this address"
      open
      dismissable={false}
      onClose={onClose}
      footer={
        <Button look="primary" onPress={onClose}>
          I have kept it
        </Button>
      }
    >
      <p>Your program checks each message with it. It is not shown again; a new one can be made at any time.</p>
      <p className={css.mono}>
        <span className="code">{secret}</span> <IconButton icon={Copy} label="Copy the secret" onPress={() => void copy(secret)} />
      </p>
    </Dialog>
  );
}

function Rotate({ webhook, onClose, onSecret }: { webhook: Webhook; onClose: () => void; onSecret: (secret: string) => void }) {
  const rotate = useMutation({
    mutationFn: () => body(api.POST(`${PATH}/rotate`, { params: path(webhook.id), body: {} })),
    onSuccess: (made) => onSecret(made.secret),
  });
  return (
    <Dialog
      title="Make a new secret?"
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isPending={rotate.isPending} onPress={() => rotate.mutate()}>
            Make a new secret
          </Button>
        </>
      }
    >
      {rotate.error && <ErrorNote error={rotate.error} what="No new secret was made." />}
      <p>For 24 hours each message is signed with both, so that your program can change over without missing one. After that the old secret counts no more.</p>
    </Dialog>
  );
}

function Remove({ webhook, onClose, onRemoved }: { webhook: Webhook; onClose: () => void; onRemoved: () => void }) {
  const remove = useMutation({
    mutationFn: () => api.DELETE(PATH, { params: path(webhook.id) }),
    onSuccess: () => {
      toast("Removed.");
      onRemoved();
      onClose();
    },
  });
  return (
    <Dialog
      title="Remove this address?"
      open
      alert
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Keep it</Button>
          <Button look="danger" isPending={remove.isPending} onPress={() => remove.mutate()}>
            Remove
          </Button>
        </>
      }
    >
      {remove.error && <ErrorNote error={remove.error} what="Not removed." />}
      <p>Nothing more is sent to {webhook.description ?? webhook.url}, and what waits for it is not sent either.</p>
    </Dialog>
  );
}
