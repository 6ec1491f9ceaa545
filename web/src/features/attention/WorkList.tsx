import { Link, useNavigate } from "@tanstack/react-router";
import { CalendarPlus, Check, Clock, Ellipsis, ExternalLink, NotebookPen, Phone, RotateCcw, SquarePen, UserRound, UserRoundPlus, Users } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { Name, useHidden } from "@/features/preferences/hidden";
import type { ContactFound } from "@/features/contacts/one";
import { useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMay, useMayEdit, useMe } from "@/features/session/use";
import { useShortcuts } from "@/features/shell/shortcuts";
import { phoneText } from "@/lib/phone";
import { ago, clock, dayAndTime, dayAndTimeWithin } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { count, initials, number } from "@/lib/words";
import { Avatar, Count, IconTile } from "@/ui/Badge";
import { Button, IconButton, buttonClass } from "@/ui/Button";
import { Kbd } from "@/ui/Kbd";
import { Menu } from "@/ui/Menu";
import { LiveRows } from "@/ui/LiveRows";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import { cx } from "@/ui/cx";
import { WorkSheet, type Section } from "./WorkSheet";
import css from "./WorkList.module.css";
import { useWorkActions } from "./actions";
import { usePeopleOfWork, useOpenWork, useSnoozedWork, useWorkLoading, type Entry } from "./queries";
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
  const at = useNow();
  const [whose, setWhose] = useState<"all" | "mine" | "nobody" | "snoozed">("all");
  const [all, setAll] = useState(false);
  const [active, setActive] = useState<string | null>(null);
  const [sheet, setSheet] = useState<{ entry: Entry; section: Section } | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const navigate = useNavigate();

  const entries = useMemo(() => {
    const chosen = whose === "snoozed" ? (snoozed.data ?? []) : work.entries.filter((each) => whose === "all" || (whose === "mine" ? each.assigned_to === me.id : !each.assigned_to));
    const when = (entry: Entry) => {
      const time = people?.get(entry.contact.id)?.appointment_time;
      return time && Date.parse(time) > at.getTime() - 3_600_000 ? time : `9${entry.since}`;
    };
    return [...chosen].sort((a, b) => when(a).localeCompare(when(b)));
  }, [whose, work.entries, snoozed.data, people, me.id, at]);
  const current = entries.find((each) => each.attention_id === active);

  const move = (step: number) => {
    const links = [...(list.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    const place = links.findIndex((each) => each.dataset.row === active);
    const next = links[Math.max(0, Math.min(links.length - 1, place + step))];
    next?.focus();
  };
  const shortcuts = {
    j: () => move(1),
    k: () => move(-1),
    ...(current && {
      e: () => setSheet({ entry: current, section: "resolve" }),
      s: () => setSheet({ entry: current, section: "snooze" }),
      a: () => setSheet({ entry: current, section: "assign" }),
      r: () => {
        const phone = people?.get(current.contact.id)?.phone;
        if (phone) location.assign(`tel:${phone}`);
      },
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
            onChange={setWhose}
            options={[
              { id: "all", name: "All", count: known(work.total) },
              { id: "mine", name: "Mine", count: known(mine) },
              { id: "nobody", name: "Nobody’s", count: known(nobody) },
              ...(away > 0 || whose === "snoozed" ? [{ id: "snoozed" as const, name: "Snoozed", count: number(away) }] : []),
            ]}
          />
        )
      }
      footer={
        !reading &&
        entries.length > 0 && (
          <>
            {entries.length > FIRST && (
              <Button small look="quiet" onPress={() => setAll(!all)}>
                {all ? "Show fewer" : `Show ${number(entries.length - FIRST)} more`}
              </Button>
            )}
            {work.more && <span>The oldest {number(work.entries.length)} are shown.</span>}
            <span className={css.keys}>
              <Kbd>J</Kbd> <Kbd>K</Kbd> move <Kbd>Enter</Kbd> open <Kbd>E</Kbd> resolve <Kbd>S</Kbd> snooze
            </span>
          </>
        )
      }
    >
      {reading && <Skeleton rows={4} />}
      {work.isError && <ErrorNote error={work.error} what="Could not load what needs attention." retry={() => void work.refetch()} />}
      {!reading && work.data && entries.length === 0 && (
        <Empty title={whose === "all" ? "Nothing needs you" : whose === "mine" ? "Nothing is assigned to you" : whose === "nobody" ? "Everything has somebody" : "Nothing is snoozed"}>
          {whose === "all" && "This list fills when something goes wrong: nobody reached, no consent, no time left."}
        </Empty>
      )}
      {!reading && (
        <LiveRows ref={list} of={whose} items={entries} keyOf={keyOf} most={all ? undefined : FIRST}>
          {(entry, came) => (
            <Row
              key={entry.attention_id}
              came={came}
              entry={entry}
              person={people?.get(entry.contact.id)}
              active={entry.attention_id === active}
              onActive={() => setActive(entry.attention_id)}
              onOpen={(section) => setSheet({ entry, section })}
              onRecord={(act) =>
                act === "compare"
                  ? void navigate({ to: "/contacts/duplicates", search: { of: entry.contact.id } })
                  : void navigate({ to: "/contacts/$contactId", params: { contactId: entry.contact.id }, search: act ? { do: act } : {} })
              }
              at={at}
            />
          )}
        </LiveRows>
      )}
      {sheet && <WorkSheet entry={sheet.entry} section={sheet.section} person={people?.get(sheet.entry.contact.id)} onClose={() => setSheet(null)} />}
    </Panel>
  );
}

interface RowProps {
  came: string | undefined;
  entry: Entry;
  person: ContactFound | undefined;
  active: boolean;
  onActive: () => void;
  onOpen: (section: Section) => void;
  onRecord: (act?: "edit" | "move" | "compare" | "call") => void;
  at: Date;
}

function Row({ came, entry, person, active, onActive, onOpen, onRecord, at }: RowProps) {
  const zone = useZone();
  const me = useMe();
  const hidden = useHidden();
  const colleague = useColleague();
  const mayEdit = useMayEdit();
  const { reopen, assign, snooze, resolve } = useWorkActions();
  const mayCall = useMay()("trigger_manual_calls");
  const { line, icon, remedy, done } = reasonOf(entry.reason);
  const editable = person ? mayEdit(person) : mayEdit({});
  const who = colleague(entry.assigned_to);
  const phone = person?.phone;
  const main =
    remedy === "again" && mayCall && phone ? (
      <Button small look={active ? "primary" : "secondary"} icon={Phone} onPress={() => onRecord("call")}>
        I checked: call again
      </Button>
    ) : (remedy === "ring" || remedy === "again") && phone ? (
      <a className={cx(buttonClass({ look: active ? "primary" : "secondary", small: true }), css.main)} href={`tel:${phone}`}>
        <Phone size={15} aria-hidden /> Ring <span className={cx(css.number, "num")}>{hidden ? "" : phoneText(phone)}</span>
      </a>
    ) : (
      <Button
        small
        look={active ? "primary" : "secondary"}
        icon={remedy === "move" ? CalendarPlus : remedy === "edit_phone" ? SquarePen : remedy === "compare" ? Users : ExternalLink}
        onPress={() => onRecord(remedy === "move" ? "move" : remedy === "edit_phone" ? "edit" : remedy === "compare" ? "compare" : undefined)}
      >
        {editable && remedy === "move" ? "Choose a time" : editable && remedy === "edit_phone" ? "Correct the number" : remedy === "compare" ? "Compare" : "Open"}
      </Button>
    );
  return (
    // The focus itself is on the row's link and buttons; the row only marks itself.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <li className={cx(css.row, active && css.active, came)} onFocus={onActive}>
      <span className={css.tile}>
        <IconTile icon={icon} tone="attention" />
      </span>
      <div className={css.text}>
        <p className={css.first}>
          <Link to="/contacts/$contactId" params={{ contactId: entry.contact.id }} className={css.name} data-row={entry.attention_id}>
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
        </p>
      </div>
      <span className={css.since}>
        <time dateTime={entry.since} title={new Date(entry.since).toUTCString()}>
          {ago(new Date(entry.since), zone, at)}
        </time>
      </span>
      {editable && (
        <span className={css.who}>
          <button type="button" className={css.assign} title={who ? `Assigned to ${who}` : "Assign"} onClick={() => onOpen("assign")}>
            {entry.assigned_to ? <Avatar small text={who ? initials(who) : "?"} /> : <UserRoundPlus size={15} aria-hidden />}
            <span className="hidden-visually">{`Assign ${entry.contact.name}${who ? `, now ${who}` : ""}`}</span>
          </button>
        </span>
      )}
      <span className={css.do}>
        {main}
        {editable && (
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
                entry.status !== "resolved" && done !== undefined && { id: "done", name: done.name, icon: Check, run: () => resolve.mutate({ entry, done: { text: done.text, status: null } }) },
                entry.status !== "resolved" && { id: "resolve", name: "Resolve", icon: Check, run: () => onOpen("resolve") },
                entry.status === "snoozed"
                  ? { id: "wake", name: "Show it now", icon: RotateCcw, run: () => snooze.mutate({ entry, until: null }) }
                  : { id: "snooze", name: "Snooze", icon: Clock, run: () => onOpen("snooze") },
                entry.assigned_to !== me.id && { id: "mine", name: "Assign to me", icon: UserRound, run: () => assign.mutate({ entry, to: "me" }) },
                { id: "assign", name: "Assign", icon: UserRoundPlus, run: () => onOpen("assign") },
                { id: "note", name: "Add a note", icon: NotebookPen, run: () => onOpen("note") },
                entry.status === "resolved" && { id: "reopen", name: "Reopen", icon: RotateCcw, run: () => reopen.mutate(entry) },
                { id: "open", name: "Open the record", icon: ExternalLink, run: () => onRecord() },
              ]}
            />
          </>
        )}
      </span>
      <span className="hidden-visually">Since {clock(new Date(entry.since), zone)}</span>
    </li>
  );
}
