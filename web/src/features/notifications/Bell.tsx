import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Bell as BellIcon, CalendarCheck, CalendarSync, CalendarX, CircleAlert, Info, Megaphone, PauseCircle, PhoneCall, PhoneMissed, type LucideIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { campaignStatus, type CampaignStatus } from "@/features/campaigns/queries";
import { reasonOf } from "@/features/attention/reasons";
import { Name } from "@/features/preferences/hidden";
import { useMe } from "@/features/session/use";
import { ago } from "@/lib/time";
import { IconTile } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { say } from "@/ui/say";
import { placeToasts, show } from "@/ui/toast";
import css from "./Bell.module.css";
import { useDisplay, useNewest, useNotifications, useRead, type Notification } from "./queries";

const ICONS: Record<string, LucideIcon> = {
  call_answered: PhoneCall,
  call_failed: PhoneMissed,
  appointment_confirmed: CalendarCheck,
  appointment_cancelled: CalendarX,
  appointment_rescheduled: CalendarSync,
  needs_attention: CircleAlert,
  campaign_ended: Megaphone,
  calling_paused: PauseCircle,
  integration_failing: CircleAlert,
  channel_failing: CircleAlert,
  webhook_disabled: CircleAlert,
};

/** What needs attention says why in the words of the desk. */
const lineOf = (each: Notification): string => (each.topic === "needs_attention" && each.reason ? reasonOf(each.reason).line : each.text);

/** Messages of one's own: how many are new, the list, and each new one in a corner of the page. */
export function Bell() {
  const newest = useNewest().data;
  const display = useDisplay();
  const [open, setOpen] = useState(false);
  const unread = newest?.unread ?? 0;
  const some = unread > 99 ? "99+" : String(unread);
  useEffect(() => {
    if (display) placeToasts(display.notification_position, display.notification_duration);
  }, [display]);
  useToasts(newest?.notifications);
  return (
    <>
      <IconButton icon={BellIcon} label={unread > 0 ? `Messages, ${some} new` : "Messages"} onPress={() => setOpen(true)} badge={unread > 0 && <span className={css.badge}>{some}</span>} />
      {open && <Messages onClose={() => setOpen(false)} />}
    </>
  );
}

/** Shows what came since the page knows of any. It is read out only where it is of something that this person started. */
function useToasts(newest: Notification[] | undefined): void {
  const known = useRef<Set<string> | null>(null);
  const client = useQueryClient();
  const me = useMe().id;
  useEffect(() => {
    if (!newest) return;
    const before = known.current;
    known.current = new Set([...(before ?? []), ...newest.map((each) => each.id)]);
    if (!before) return;
    const fresh = newest.filter((each) => !before.has(each.id) && !each.read).reverse();
    for (const each of fresh.slice(-3)) {
      show(lineOf(each));
      if (each.topic !== "campaign_ended" || !each.campaign_id) continue;
      const told = (campaign: CampaignStatus) => {
        if (campaign.started_by === me) say(lineOf(each));
      };
      // Whoever may not see campaigns started none.
      client.fetchQuery(campaignStatus(each.campaign_id)).then(told, () => undefined);
    }
  }, [newest, client, me]);
}

function Messages({ onClose }: { onClose: () => void }) {
  const list = useNotifications();
  const read = useRead();
  const all = list.data?.pages.flatMap((page) => page.notifications) ?? [];
  return (
    <Dialog
      title="Messages"
      kind="sheet"
      open
      onClose={onClose}
      footer={
        <>
          <Link to="/account/$section" params={{ section: "notifications" }} onClick={onClose}>
            What you are told of
          </Link>
          <Button isDisabled={!all.some((each) => !each.read)} isPending={read.isPending} onPress={() => read.mutate(undefined)}>
            Mark all as read
          </Button>
        </>
      }
    >
      {list.isError && <ErrorNote error={list.error} what="Could not load the messages." retry={() => void list.refetch()} />}
      {list.isPending && <Skeleton rows={4} />}
      {list.data && all.length === 0 && <Empty title="No messages">Calls, confirmations and what needs attention appear here as they happen.</Empty>}
      <ul className={css.list}>
        {all.map((each) => (
          <Message
            key={each.id}
            message={each}
            onOpen={() => {
              if (!each.read) read.mutate([each.id]);
              onClose();
            }}
            onRead={() => read.mutate([each.id])}
          />
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

function Message({ message, onOpen, onRead }: { message: Notification; onOpen: () => void; onRead: () => void }) {
  const zone = useZone();
  const to = message.contact_id ? { to: "/contacts/$contactId", params: { contactId: message.contact_id } } as const : message.campaign_id ? { to: "/calls/campaigns/$campaignId", params: { campaignId: message.campaign_id } } as const : null;
  return (
    <li className={css.message}>
      <IconTile icon={ICONS[message.topic] ?? Info} />
      <span className={css.words}>
        <span className={message.read ? undefined : css.fresh}>
          {to ? (
            <Link {...to} onClick={onOpen}>
              {message.contact_name && (
                <>
                  <Name>{message.contact_name}</Name>:{" "}
                </>
              )}
              {lineOf(message)}
            </Link>
          ) : (
            lineOf(message)
          )}
        </span>
        {!message.read && <span className="hidden-visually"> Not read.</span>}
        <span className="faint">{ago(new Date(message.at), zone, now())}</span>
      </span>
      {!message.read && (
        <Button small onPress={onRead}>
          Read
        </Button>
      )}
    </li>
  );
}
