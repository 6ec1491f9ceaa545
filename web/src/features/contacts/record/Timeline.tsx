import { useQueries } from "@tanstack/react-query";
import { CalendarPlus, Mail, MessageSquare, NotebookPen, ShieldCheck, ShieldX, Users, type LucideIcon } from "lucide-react";
import { useState, type ReactNode } from "react";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import type { GuardSaw } from "@/api/problem";
import { DecisionList } from "@/features/calls/DecisionList";
import { GUARD, METHOD, callWord, endWords, sawWords } from "@/features/calls/words";
import { useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMay } from "@/features/session/use";
import { Detail, Name } from "@/features/preferences/hidden";
import { clock, dateKey, dayAndTimeWithin, longDay } from "@/lib/time";
import { capital, humane } from "@/lib/words";
import { IconTile, type Tone } from "@/ui/Badge";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Time } from "@/ui/Time";
import { agreed } from "../agreed";
import type { Contact } from "../one";
import { STATUS } from "../status";
import { statusChanges } from "./statusChanges";
import css from "./Timeline.module.css";

interface Item {
  at: string;
  key: string;
  icon: LucideIcon;
  tone: Tone;
  title: string;
  line?: ReactNode;
  guards?: GuardSaw[];
  checked?: string;
}

const KIND: Record<string, string> = { note: "Note", phone: "Rang", email: "Email", sms: "Text message", in_person: "In person" };
const ICON: Record<string, LucideIcon> = { email: Mail, sms: MessageSquare };
/** What became of a message that was sent. */
const SENT: Record<string, [string, Tone]> = {
  queued: ["waits", "neutral"],
  sending: ["on its way", "neutral"],
  sent: ["sent", "neutral"],
  delivered: ["delivered", "confirmed"],
  failed: ["not sent", "attention"],
  undelivered: ["did not arrive", "attention"],
  bounced: ["came back", "attention"],
  unknown: ["may not have arrived", "attention"],
  cancelled: ["not sent any more", "neutral"],
};
/** What staff noted of a message that went outside the system. */
const BECAME: Record<string, [string, Tone]> = { read: ["read", "confirmed"] };
type Call = Schemas["ContactCall"];

/** Why a call that is not on its way was not made: the last decision that stopped it. */
export const stopped = (call: Call) => call.decisions.filter((each) => each.verdict !== "place").at(-1);

const CHANGED = { pending: "open again", confirmed: "confirmed", cancelled: "cancelled", rescheduled: "moved, or to be moved" };

/** What happened with this person, newest first: calls, messages, notes, what became of appointments, permissions, booking. */
export function Timeline({ contact }: { contact: Contact }) {
  const zone = useZone();
  const may = useMay();
  const colleague = useColleague();
  // What happened with records that were made one with this one happened with this person.
  const merged = contact.merged_from ?? [];
  const ids = [contact.id, ...merged.map((each) => each.id)];
  const path = (id: string) => ({ path: { contact_id: id }, query: { page_size: 50 } });
  const calls = useQueries({ queries: ids.map((id) => ({ queryKey: ["contacts", id, "calls"], queryFn: () => body(api.GET("/api/contacts/{contact_id}/calls", { params: path(id) })), enabled: may("view_call_results") })) });
  const notes = useQueries({ queries: ids.map((id) => ({ queryKey: ["contacts", id, "interactions"], queryFn: () => body(api.GET("/api/contacts/{contact_id}/interactions", { params: path(id) })) })) });
  const consents = useQueries({ queries: ids.map((id) => ({ queryKey: ["contacts", id, "consents"], queryFn: () => body(api.GET("/api/contacts/{contact_id}/consents", { params: path(id) })) })) });
  const history = useQueries({
    queries: ids.map((id) => ({
      queryKey: ["contacts", id, "history", "latest"],
      queryFn: () => body(api.GET("/api/contacts/{contact_id}/history", { params: { path: { contact_id: id }, query: { kind: "change", page_size: 100 } } })),
    })),
  });
  const by = (id: string | null | undefined) => (colleague(id) ? `, ${colleague(id) ?? ""}` : "");

  const made: Item = { at: contact.created_at, key: "made", icon: CalendarPlus, tone: "neutral", title: "Added", line: SOURCE[contact.booking_source] ?? contact.booking_source };
  const items: Item[] = [
    ...merged.map((each): Item => ({ at: each.merged_at, key: `merged${each.id}`, icon: Users, tone: "neutral", title: "Made one with another record", line: <Name>{each.name}</Name> })),
    ...calls.flatMap((each) => each.data?.calls ?? []).flatMap((call) => {
      const word = callWord(call, now());
      const over = call.ended_at ?? call.placed_at;
      const method = METHOD[call.method] ?? humane(call.method);
      const found: Item[] = [];
      if (over) {
        const placed = call.decisions.filter((each) => each.verdict === "place").at(-1);
        found.push({
          at: over,
          key: call.session_id,
          icon: word.icon,
          tone: word.tone,
          title: `${method}: ${word.word.toLowerCase()}`,
          line: [call.error && `${capital(endWords(call.error))}.`, call.follow_up_required && "Something is left to follow up."].filter(Boolean).join(" ") || undefined,
          ...(placed && { guards: placed.guards as unknown as GuardSaw[], checked: placed.at }),
        });
      }
      for (const decision of call.decisions) {
        if (decision.verdict === "place") continue;
        const guards = decision.guards as unknown as GuardSaw[];
        const failed = guards.find((each) => !each.passed);
        found.push({
          at: decision.at,
          key: `${call.session_id}${decision.at}`,
          icon: callWord({ ...call, status: "cancelled" }, now()).icon,
          tone: "neutral",
          title: `Not called at ${clock(new Date(decision.at), zone)}`,
          line: failed && `${GUARD[failed.guard] ?? humane(failed.guard)}: ${sawWords(failed.saw, zone)}.${failed.until ? ` ${decision.verdict === "redate" ? "Put off until" : "Possible again"} ${dayAndTimeWithin(new Date(failed.until), zone, now())}.` : ""}`,
          guards,
          checked: decision.at,
        });
      }
      return found;
    }),
    ...notes.flatMap((each) => each.data?.interactions ?? []).map((each): Item => {
      const [became, tone] = SENT[each.status ?? ""] ?? BECAME[each.status ?? ""] ?? [undefined, "neutral"];
      const kind = KIND[each.kind] ?? humane(each.kind);
      const from = each.direction === "inbound" ? (ICON[each.kind] ? " received" : ", they began") : "";
      return { at: each.at, key: each.id, icon: ICON[each.kind] ?? NotebookPen, tone, title: `${kind}${from}${became ? `: ${became}` : ""}${by(each.by)}`, line: <Detail>{each.text}</Detail> };
    }),
    ...statusChanges(history.flatMap((each) => each.data?.entries ?? [])).map((each): Item => ({
      at: each.at,
      key: each.key,
      icon: STATUS[each.status].icon,
      tone: STATUS[each.status].tone,
      title: `Appointment ${CHANGED[each.status]}`,
      line: (
        <>
          {each.by.kind === "user" ? (colleague(each.by.user_id) ?? "A colleague") : each.by.kind === "provider" ? "The calendar, a message or a call" : "Vio"}
          {each.reason && (
            <>
              {": "}
              <Detail>{each.reason}</Detail>
            </>
          )}
        </>
      ),
    })),
    ...consents.flatMap((each) => each.data?.consents ?? []).map((each): Item => ({
      at: each.recorded_at,
      key: each.id,
      icon: each.action === "given" ? ShieldCheck : ShieldX,
      tone: each.action === "given" ? "confirmed" : "cancelled",
      title: each.action === "given" ? "Agreed to reminder calls" : "Withdrew permission for calls",
      line: `${each.method ? (agreed(each.method) ?? each.method) : ""}${by(each.recorded_by)}`.replace(/^, /, ""),
    })),
    made,
  ].sort((a, b) => b.at.localeCompare(a.at));

  const failed = [...calls, ...notes, ...consents, ...history].find((each) => each.isError);
  if (notes.some((each) => each.isPending)) return <Skeleton rows={3} />;
  // Where one of them goes further back than was read, what is older would have gaps.
  const whole = Math.max(
    ...calls.map((each) => reach(each.data?.pagination.next_cursor, each.data?.calls.map((call) => call.ended_at ?? call.placed_at ?? call.due_at))),
    ...notes.map((each) => reach(each.data?.pagination.next_cursor, each.data?.interactions.map((one) => one.at))),
    ...consents.map((each) => reach(each.data?.pagination.next_cursor, each.data?.consents.map((one) => one.recorded_at))),
    ...history.map((each) => reach(each.data?.pagination.next_cursor, each.data?.entries.map((one) => one.at))),
  );
  const days = new Map<string, Item[]>();
  for (const item of items.filter((each) => Date.parse(each.at) >= whole)) {
    const day = dateKey(new Date(item.at), zone);
    days.set(day, [...(days.get(day) ?? []), item]);
  }
  return (
    <div className={css.timeline}>
      {failed && <ErrorNote error={failed.error} what="Could not load a part of the timeline." retry={() => void failed.refetch()} />}
      {items.length === 0 && <Empty title="Nothing has happened yet" />}
      {[...days.entries()].map(([day, list]) => (
        <section key={day}>
          <h2 className={css.day}>{longDay(new Date(list[0]?.at ?? ""), zone)}</h2>
          <ol>
            {list.map((item) => (
              <TimelineItem key={item.key} item={item} zone={zone} />
            ))}
          </ol>
        </section>
      ))}
      {whole > 0 && <p className="muted">What is older is under Calls, Notes and Changes.</p>}
    </div>
  );
}

/** The instant back to which a list was read, 0 where it was read whole. */
const reach = (next: string | null | undefined, at: string[] | undefined): number => (next && at && at.length > 0 ? Math.min(...at.map((each) => Date.parse(each))) : 0);

const SOURCE: Record<string, string> = { manual: "Typed in at the desk", import: "From an import", api: "By another program", form: "By a form", calcom: "Booked through Cal.com", calendly: "Booked through Calendly" };

function TimelineItem({ item, zone }: { item: Item; zone: string }) {
  const [open, setOpen] = useState(false);
  return (
    <li className={css.item}>
      <IconTile icon={item.icon} tone={item.tone} />
      <div className={css.text}>
        <p className={css.head}>
          <b>{item.title}</b>
          <Time at={item.at} zone={zone} className="muted num">
            {clock(new Date(item.at), zone)}
          </Time>
        </p>
        {item.line && <div className={css.line}>{item.line}</div>}
        {item.guards && item.guards.length > 0 && (
          <button type="button" className={css.link} aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Hide checks" : "What was checked"}
          </button>
        )}
        {open && item.guards && (
          <div className={css.checks}>
            <DecisionList guards={item.guards} />
          </div>
        )}
      </div>
    </li>
  );
}
