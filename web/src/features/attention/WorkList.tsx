import { Link, useNavigate } from "@tanstack/react-router";
import { Check, Clock, Ellipsis, ExternalLink, History, NotebookPen, RotateCcw, UserRound, UserRoundPlus } from "lucide-react";
import { useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useLimits, type Limits } from "@/features/calls/queries";
import { DetailsOf, Name, useHidden } from "@/features/preferences/hidden";
import type { ContactFound } from "@/features/contacts/one";
import { useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMayEdit, useMe } from "@/features/session/use";
import { useShortcuts } from "@/features/shell/shortcuts";
import { ago, agoWithin, dayAndTime, dayAndTimeWithin, since } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { count, initials, number } from "@/lib/words";
import { Avatar, Count, IconTile } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import { Kbd } from "@/ui/Kbd";
import { Menu } from "@/ui/Menu";
import { LiveRows } from "@/ui/LiveRows";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import { ShowMore } from "@/ui/ShowMore";
import { Time } from "@/ui/Time";
import { cx } from "@/ui/cx";
import { Remedy } from "./Remedy";
import { WorkSheet, type Section } from "./WorkSheet";
import css from "./WorkList.module.css";
import { useWorkActions } from "./actions";
import { byResolved, usePeopleOfWork, useOpenWork, useResolvedWork, useSnoozedWork, useWorkLoading, type Entry } from "./queries";
import { reasonOf } from "./reasons";

const FIRST = 8;
const keyOf = (entry: Entry): string => entry.attention_id;

/** What should have happened and did not, soonest appointment first, each with its remedy. */
export function WorkList() {
  const me = useMe();
  const work = useOpenWork();
  const reading = useWorkLoading();
  const snoozed = useSnoozedWork();
  const people = usePeopleOfWork().data;
  const limits = useLimits().data;
  const at = useNow();
  const [whose, setWhose] = useState<"all" | "mine" | "nobody" | "snoozed" | "resolved">("all");
  const resolved = useResolvedWork(whose === "resolved");
  const [all, setAll] = useState(false);
  // The first one from the beginning, so that E S A R act on it. It is marked and not focused: a page that takes the focus skips its own heading, and
  // rows with the focus in them would wait for what is new as long as the page is open.
  const [active, setActive] = useState<string | null>(null);
  const [sheet, setSheet] = useState<{ entry: Entry; section: Section } | null>(null);
  /** What was last worked on here, and where it stood: the one that takes its place is next. */
  const [worked, setWorked] = useState<{ key: string; place: number } | null>(null);
  const list = useRef<HTMLUListElement>(null);

  const entries = useMemo(() => {
    if (whose === "resolved") return (resolved.data?.pages ?? []).flatMap((page) => page.entries).sort(byResolved);
    const chosen = whose === "snoozed" ? (snoozed.data ?? []) : work.entries.filter((each) => whose === "all" || (whose === "mine" ? each.assigned_to === me.id : !each.assigned_to));
    const when = (entry: Entry) => {
      const time = people?.get(entry.contact.id)?.appointment_time;
      return time && Date.parse(time) > at.getTime() - 3_600_000 ? time : `9${entry.since}`;
    };
    return [...chosen].sort((a, b) => when(a).localeCompare(when(b)));
  }, [whose, work.entries, snoozed.data, resolved.data, people, me.id, at]);
  // Who is marked stays so wherever the list moves; nobody is marked in place of somebody whom others dealt with.
  if (active === null && !reading && entries[0]) setActive(entries[0].attention_id);
  const seen = all ? entries : entries.slice(0, FIRST);
  const current = seen.find((each) => each.attention_id === active) ?? (worked?.key === active && !entries.some((each) => each.attention_id === active) ? seen[Math.min(worked.place, seen.length - 1)] : undefined);
  if (current && current.attention_id !== active) setActive(current.attention_id);
  const marked = current?.attention_id;
  const begin = (entry: Entry, section: Section) => {
    setActive(entry.attention_id);
    setWorked({ key: entry.attention_id, place: entries.findIndex((each) => each.attention_id === entry.attention_id) });
    setSheet({ entry, section });
  };

  const choose = (next: typeof whose) => {
    setWhose(next);
    setActive(null);
  };
  /** For a button under the list that makes it shorter: what follows the list would come under one's eyes. */
  const toHead = () => {
    const panel = list.current?.closest("section");
    if (panel && panel.getBoundingClientRect().top < 0) panel.scrollIntoView();
  };
  const move = (step: number) => {
    const links = [...(list.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    const place = links.findIndex((each) => each.dataset.row === marked);
    // From elsewhere the first press comes to the marked one itself.
    const within = list.current?.contains(document.activeElement) && place >= 0;
    links[Math.max(0, Math.min(links.length - 1, place + (within ? step : 0)))]?.focus();
  };
  // A list that is held may still stand before the one that comes next: whoever is not seen is not acted on.
  const onSeen = (act: (entry: Entry) => void) => () => {
    if (current && list.current?.querySelector(`[data-row="${CSS.escape(current.attention_id)}"]`)) act(current);
  };
  const shortcuts = {
    j: () => move(1),
    k: () => move(-1),
    ...(current &&
      whose !== "resolved" && {
        e: onSeen((entry) => begin(entry, "resolve")),
        s: onSeen((entry) => begin(entry, "snooze")),
        a: onSeen((entry) => begin(entry, "assign")),
        r: onSeen((entry) => {
          const phone = people?.get(entry.contact.id)?.phone;
          if (phone) location.assign(`tel:${phone}`);
        }),
      }),
  };
  useShortcuts(shortcuts);

  const mine = work.entries.filter((each) => each.assigned_to === me.id).length;
  const nobody = work.entries.filter((each) => !each.assigned_to).length;
  const known = (count: number) => (work.data ? number(count) : undefined);
  const away = snoozed.data?.length ?? 0;
  return (
    <Panel
      // Put there anew when it is read: on a phone its heading is higher then.
      key={reading ? "reading" : "read"}
      title={
        <>
          Needs attention {work.data && <Count value={number(work.total)} />}
        </>
      }
      aside={
        !reading && (
          <Segments
            label="Whose work"
            value={whose}
            onChange={choose}
            options={[
              { id: "all", name: "All", count: known(work.total) },
              { id: "mine", name: "Mine", count: known(mine) },
              { id: "nobody", name: "Nobody’s", count: known(nobody) },
              ...(away > 0 || whose === "snoozed" ? [{ id: "snoozed" as const, name: "Snoozed", count: number(away) }] : []),
              // Only while it is looked at: the head is narrow, and the way there stands under the list.
              ...(whose === "resolved" ? [{ id: "resolved" as const, name: "Resolved" }] : []),
            ]}
          />
        )
      }
      footer={
        !reading &&
        (whose !== "resolved" || resolved.hasNextPage) && (
          <>
            {whose !== "resolved" && entries.length > FIRST && (
              <Button
                small
                look="quiet"
                onPress={() => {
                  if (all) toHead();
                  setAll(!all);
                }}
              >
                {all ? "Show fewer" : `Show ${number(entries.length - FIRST)} more`}
              </Button>
            )}
            {whose === "resolved" ? (
              <ShowMore list={resolved} bare />
            ) : (
              <Button
                small
                look="quiet"
                icon={History}
                onPress={() => {
                  toHead();
                  choose("resolved");
                }}
              >
                What was resolved
              </Button>
            )}
            {whose !== "resolved" && work.more && <span>The oldest {number(work.entries.length)} are shown.</span>}
            {whose !== "resolved" && entries.length > 0 && (
              <span className={css.keys}>
                <Kbd>J</Kbd> <Kbd>K</Kbd> move <Kbd>Enter</Kbd> open <Kbd>E</Kbd> resolve <Kbd>S</Kbd> snooze
              </span>
            )}
          </>
        )
      }
    >
      {reading && <Skeleton rows={4} />}
      {work.isError && <ErrorNote error={work.error} what="Could not load what needs attention." retry={() => void work.refetch()} />}
      {whose === "resolved" && resolved.isPending && <Skeleton rows={4} />}
      {whose === "resolved" && resolved.isError && <ErrorNote error={resolved.error} what="Could not load what was resolved." retry={() => void resolved.refetch()} />}
      {!reading && (whose === "resolved" ? resolved.data : work.data) && entries.length === 0 && (
        <Empty title={EMPTY[whose]}>{whose === "all" && `${planned(limits)} when something goes wrong: nobody reached, no consent, no time left.`}</Empty>
      )}
      {!reading && (
        <LiveRows ref={list} of={`${whose} ${String(resolved.data?.pages.length ?? 0)}`} items={entries} keyOf={keyOf} most={all || whose === "resolved" ? undefined : FIRST}>
          {(entry, came) => (
            <DetailsOf key={entry.attention_id} value={entry.contact.id}>
              <Row
                came={came}
                entry={entry}
                person={people?.get(entry.contact.id)}
                active={entry.attention_id === marked}
                onActive={() => setActive(entry.attention_id)}
                onMove={move}
                onOpen={(section) => begin(entry, section)}
                at={at}
              />
            </DetailsOf>
          )}
        </LiveRows>
      )}
      {sheet && <WorkSheet entry={sheet.entry} section={sheet.section} person={people?.get(sheet.entry.contact.id)} onClose={() => setSheet(null)} />}
    </Panel>
  );
}

const EMPTY = { all: "Nothing needs you", mine: "Nothing is assigned to you", nobody: "Everything has somebody", snoozed: "Nothing is snoozed", resolved: "Nothing was resolved yet" };

/** What Vio still does today, where that is known and calling is on. */
function planned(limits: Limits | undefined): string {
  const calls = limits && !limits.paused ? limits.waiting.planned_today : 0;
  return calls > 0 ? `Vio makes ${count(calls, "call")} today; this list fills` : "This list fills";
}

interface RowProps {
  came: string | undefined;
  entry: Entry;
  person: ContactFound | undefined;
  active: boolean;
  onActive: () => void;
  onMove: (step: number) => void;
  onOpen: (section: Section) => void;
  at: Date;
}

function Row({ came, entry, person, active, onActive, onMove, onOpen, at }: RowProps) {
  const zone = useZone();
  const me = useMe();
  const hidden = useHidden();
  const colleague = useColleague();
  const mayEdit = useMayEdit();
  const { reopen, assign, snooze, resolve } = useWorkActions();
  const navigate = useNavigate();
  const { line, icon, done: likely } = reasonOf(entry.reason);
  const editable = person ? mayEdit(person) : mayEdit({});
  const who = colleague(entry.assigned_to);
  const done = entry.status === "resolved";
  // Enter opens the item, as the footer says; a click, and Enter with Ctrl, follow the link to the record.
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) onMove(step);
    else if (event.key === "Enter" && !done && editable) onOpen("open");
    else return;
    event.preventDefault();
  };
  const by = colleague(entry.resolved_by);
  return (
    // The focus itself is on the row's link and buttons; the row only marks itself.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <li data-contact={entry.contact.id} className={cx(css.row, active && css.active, came)} onFocus={onActive}>
      <span className={css.tile}>
        <IconTile icon={icon} tone="attention" />
      </span>
      <div className={css.text}>
        <p className={css.first}>
          <Link to="/contacts/$contactId" params={{ contactId: entry.contact.id }} className={css.name} data-row={entry.attention_id} onKeyDown={keys}>
            <Name>{entry.contact.name}</Name>
          </Link>
          {person?.appointment_time && (
            <span className={css.when}>
              {dayAndTime(new Date(person.appointment_time), zone, at)}
              {person.owner_name && !hidden && `, ${person.owner_name}`}
            </span>
          )}
        </p>
        <p className={css.line}>
          {line}
          {entry.notes > 0 && <span className="faint"> {count(entry.notes, "note")}</span>}
          {entry.status === "snoozed" && entry.snoozed_until && <span className="faint"> Snoozed until {dayAndTimeWithin(new Date(entry.snoozed_until), zone, at)}.</span>}
          {done && entry.resolved_at && <span className="faint">{` Resolved ${agoWithin(new Date(entry.resolved_at), zone, at)}${by ? ` by ${by}` : ""}.`}</span>}
        </p>
      </div>
      <span className={css.since}>
        <Time at={entry.since} zone={zone}>
          <span className={css.beside}>{ago(new Date(entry.since), zone, at)}</span>
          <span className={css.under}>{since(new Date(entry.since), zone, at)}</span>
        </Time>
      </span>
      {editable && !done && (
        <span className={css.who}>
          <button type="button" className={css.assign} title={who ? `Assigned to ${who}` : "Assign"} onClick={() => onOpen("assign")}>
            {entry.assigned_to ? <Avatar small text={who ? initials(who) : "?"} /> : <UserRoundPlus size={15} aria-hidden />}
            <span className="hidden-visually">{`Assign ${entry.contact.name}${who ? `, now ${who}` : ""}`}</span>
          </button>
        </span>
      )}
      <span className={css.do}>
        {done && editable ? (
          <Button small icon={RotateCcw} isPending={reopen.isPending} onPress={() => reopen.mutate(entry)}>
            Reopen
          </Button>
        ) : (
          <Remedy entry={entry} person={person} primary={active} />
        )}
        {editable && !done && (
          <>
            <span className={css.touch}>
              <Button small icon={Clock} onPress={() => onOpen("snooze")}>
                Later
              </Button>
              <Button small icon={Check} onPress={() => onOpen("resolve")}>
                Done
              </Button>
            </span>
            <Menu
              label={`More for ${entry.contact.name}`}
              trigger={<IconButton icon={Ellipsis} label={`More for ${entry.contact.name}`} />}
              actions={[
                likely !== undefined && { id: "done", name: likely.name, icon: Check, run: () => resolve.mutate({ entry, done: { text: likely.text, status: null } }) },
                { id: "resolve", name: "Resolve", icon: Check, run: () => onOpen("resolve") },
                entry.status === "snoozed"
                  ? { id: "wake", name: "Show it now", icon: RotateCcw, run: () => snooze.mutate({ entry, until: null }) }
                  : { id: "snooze", name: "Snooze", icon: Clock, run: () => onOpen("snooze") },
                entry.assigned_to !== me.id && { id: "mine", name: "Assign to me", icon: UserRound, run: () => assign.mutate({ entry, to: "me" }) },
                { id: "assign", name: "Assign", icon: UserRoundPlus, run: () => onOpen("assign") },
                { id: "note", name: "Add a note", icon: NotebookPen, run: () => onOpen("note") },
                { id: "open", name: "Open the record", icon: ExternalLink, run: () => void navigate({ to: "/contacts/$contactId", params: { contactId: entry.contact.id } }) },
              ]}
            />
          </>
        )}
      </span>
    </li>
  );
}
