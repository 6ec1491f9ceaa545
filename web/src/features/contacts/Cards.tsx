import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { Link, useNavigate } from "@tanstack/react-router";
import { Calendar, Layers, Mail, Megaphone, Phone as PhoneIcon, SquarePen } from "lucide-react";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { DetailsOf, useHidden } from "@/features/preferences/hidden";
import { useNouns, useZone } from "@/features/session/business";
import { useMay, useMayEdit } from "@/features/session/use";
import { useShortcuts } from "@/features/shell/shortcuts";
import { agoWithin, clock, day } from "@/lib/time";
import { remPixels } from "@/lib/useWidth";
import { count } from "@/lib/words";
import { buttonClass } from "@/ui/Button";
import { LightCheckbox } from "@/ui/Light";
import { Skeleton } from "@/ui/Notes";
import { Rereading } from "@/ui/Rereading";
import { cx } from "@/ui/cx";
import { AppointmentLine } from "./AppointmentLine";
import { cardAt } from "./cardAt";
import css from "./Cards.module.css";
import { Marked, MarkedPhone, MarkedText } from "./Marks";
import { Groups, Reminder } from "./columns";
import { NoList } from "./NoList";
import type { ContactFound } from "./one";
import { useRows, type Sheet } from "./queries";
import { choose, type Selecting } from "./selection";
import { StatusBadge } from "./status";

interface CardsProps {
  search: Schemas["ContactSearch"];
  selecting: Selecting;
  /** `list` is one line each. */
  kind: "cards" | "list";
  label: string;
  empty: React.ReactNode;
  onStatus: (status: string) => void;
  sheet?: Sheet | undefined;
}

/** A list as cards or lines; as many lanes as there is room for, read as far as it is looked at. */
export function Cards({ search, selecting, kind, label, empty, onStatus, sheet }: CardsProps) {
  const nouns = useNouns();
  const box = useRef<HTMLDivElement>(null);
  const [lanes, setLanes] = useState(1);
  const [range, setRange] = useState({ from: 0, to: 20 });
  const { first, total, rows } = useRows(search, range.from, range.to, sheet);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const fit = () => setLanes(kind === "list" ? 1 : Math.max(1, Math.floor(element.clientWidth / (21 * remPixels()))));
    // Before the first paint, so that no card moves.
    fit();
    const watch = new ResizeObserver(fit);
    watch.observe(element);
    return () => watch.disconnect();
  }, [kind]);
  const lines = Math.ceil(total / lanes);
  const [active, setActive] = useState<number | null>(null);
  /** Which card the focus goes to once it is drawn; an effect of a drawing before it leaves it alone. */
  const wanted = useRef<number | null>(null);
  const rem = remPixels();
  const virtual = useVirtualizer({
    count: lines,
    getScrollElement: () => box.current,
    estimateSize: () => (kind === "list" ? 3.5 : 20.5) * rem,
    overscan: 4,
    gap: kind === "list" ? 0 : 12,
    rangeExtractor: (seen) => {
      const places = defaultRangeExtractor(seen);
      // What has the focus stays, wherever the list is scrolled to.
      const line = active === null ? -1 : Math.floor(active / lanes);
      return line >= 0 && line < lines && !places.includes(line) ? [line, ...places].sort((a, b) => a - b) : places;
    },
    onChange: (instance) => {
      const seen = instance.range;
      if (seen) setRange((before) => (before.from === seen.startIndex * lanes && before.to === (seen.endIndex + 4) * lanes ? before : { from: seen.startIndex * lanes, to: (seen.endIndex + 4) * lanes }));
    },
  });
  useEffect(() => virtual.measure(), [lanes, kind, virtual]);
  useEffect(() => setActive(null), [search, sheet]);
  useEffect(() => {
    const link = wanted.current !== null && wanted.current === active && box.current?.querySelector<HTMLElement>(`[data-place="${String(active)}"] a`);
    if (!link) return;
    wanted.current = null;
    link.focus();
  });

  const navigate = useNavigate();
  const mayCall = useMay()("trigger_manual_calls");
  const chooseAt = (place: number, span: boolean) => choose(selecting, rows, place, span);
  /** The one with the focus in it: letters act on that and on no other. */
  const placed = (): number | null => {
    const slot = box.current?.contains(document.activeElement) ? document.activeElement?.closest<HTMLElement>("[data-place]") : null;
    return slot ? Number(slot.dataset.place) : null;
  };
  const goTo = (place: number) => {
    const next = Math.max(0, Math.min(total - 1, place));
    wanted.current = next;
    setActive(next);
    virtual.scrollToIndex(Math.floor(next / lanes));
  };
  const move = (step: number) => {
    const from = placed();
    goTo(from === null ? (active ?? 0) : from + step);
  };
  /** Within the list arrows go as the cards lie; elsewhere they scroll the page. */
  const arrows = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const from = placed();
    const next = from === null ? null : cardAt(event.key, from, { lanes, total });
    if (next === null) return;
    event.preventDefault();
    goTo(next);
  };
  const withFocus = (act: (place: number, contact: ContactFound) => void) => {
    const place = placed();
    const contact = place === null ? undefined : rows.get(place);
    if (place !== null && contact) act(place, contact);
  };
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: (event: KeyboardEvent) => withFocus((place) => chooseAt(place, event.shiftKey)),
    r: () => withFocus((_, { phone }) => phone && location.assign(`tel:${phone}`)),
    ...(mayCall && { c: () => withFocus((_, { id, phone }) => phone && void navigate({ to: "/contacts/$contactId", params: { contactId: id }, search: { do: "call" } })) }),
  };
  useShortcuts(keys);
  return (
    <div className={cx(css.frame, kind === "list" && css.framed)} aria-busy={first.isFetching}>
      <Rereading shown={first.isPlaceholderData} />
      {first.isPending && (
        <div className={css.reading}>
          <Skeleton rows={4} tall={kind === "cards"} label={`Loading ${nouns.many}`} />
        </div>
      )}
      {first.isError && <NoList error={first.error} retry={() => void first.refetch()} />}
      {first.data && total === 0 && empty}
      {/* It takes the keys of the cards, which are stops of their own. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div ref={box} className={css.box} onKeyDown={arrows}>
        <ul aria-label={label} className={css.list} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().flatMap((line) =>
            Array.from({ length: Math.min(lanes, total - line.index * lanes) }, (_, lane) => {
              const place = line.index * lanes + lane;
              const contact = rows.get(place);
              return (
                // The keys are the shortcuts above; a click with Shift or Ctrl beside its links and buttons is the checkbox by mouse.
                // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
                <li
                  // Lines are other elements than cards: what is kept of an element is how high it was when it was measured.
                  key={`${kind} ${String(lanes)} ${String(place)}`}
                  data-index={line.index}
                  data-place={place}
                  data-contact={contact?.id}
                  onFocus={() => setActive(place)}
                  onClick={(event) => {
                    if (!(event.shiftKey || event.ctrlKey || event.metaKey) || (event.target instanceof Element && event.target.closest("button, a, label, input"))) return;
                    chooseAt(place, event.shiftKey);
                  }}
                  ref={lane === 0 ? virtual.measureElement : undefined}
                  aria-setsize={total}
                  aria-posinset={place + 1}
                  className={css.slot}
                  style={{ translate: `0 ${String(line.start)}px`, left: `calc(${String(lane)} * (100% + 12px) / ${String(lanes)})`, width: `calc((100% - ${String((lanes - 1) * 12)}px) / ${String(lanes)})` }}
                >
                  {contact ? (
                    <DetailsOf value={contact.id}>
                      {kind === "list" ? <Line contact={contact} chosen={selecting.has(contact.id)} onChoose={(span) => chooseAt(place, span)} onStatus={onStatus} /> : <Card contact={contact} chosen={selecting.has(contact.id)} onChoose={(span) => chooseAt(place, span)} onStatus={onStatus} />}
                    </DetailsOf>
                  ) : (
                    <div className={css.coming} aria-hidden />
                  )}
                </li>
              );
            }),
          )}
        </ul>
      </div>
    </div>
  );
}

interface OneProps {
  contact: ContactFound;
  chosen: boolean;
  onChoose: (span: boolean) => void;
  onStatus: (status: string) => void;
}

function Card({ contact, chosen, onChoose, onStatus }: OneProps) {
  const zone = useZone();
  const hidden = useHidden();
  const may = useMay();
  const mayEdit = useMayEdit();
  const at = contact.appointment_time ? new Date(contact.appointment_time) : null;
  return (
    <article className={cx(css.card, chosen && css.chosen)}>
      <header className={css.head}>
        <LightCheckbox label={`Select ${contact.name}`} chosen={chosen} onChange={(_, span) => onChoose(span)} />
        <h2 className={css.name} data-whole="">
          <Link to="/contacts/$contactId" params={{ contactId: contact.id }}>
            <Marked contact={contact} />
          </Link>
        </h2>
        <button type="button" title="Show only these" className={css.status} onClick={() => onStatus(contact.appointment_status)}>
          <StatusBadge status={contact.appointment_status} />
        </button>
      </header>
      <p className={css.fact}>
        <PhoneIcon size={15} aria-hidden /> <MarkedPhone contact={contact} />
      </p>
      <p className={css.fact}>
        <Mail size={15} aria-hidden /> <span className="truncate code">{hidden ? "Hidden" : contact.email ? <MarkedText contact={contact} field="email" /> : "No email"}</span>
      </p>
      <hr className={css.rule} />
      <p className={css.fact}>
        <Calendar size={15} aria-hidden />
        <span>
          <b>{at ? `${day(at, zone, now())}, ${clock(at, zone)}` : "No appointment"}</b>
          <span className={css.under}>
            <AppointmentLine contact={contact} />
          </span>
        </span>
      </p>
      <p className={css.reminder}>
        <Reminder contact={contact} />
        <span className="faint">{contact.call_attempts > 0 ? `${count(contact.call_attempts, "try", "tries")} so far` : "Not called yet"}</span>
      </p>
      <p className={cx(css.words, "faint")}>{contact.last_contact_time ? `Last spoken to ${agoWithin(new Date(contact.last_contact_time), zone, now())}` : "Never spoken to"}</p>
      <p className={css.groups}>{contact.group_count > 0 ? <Groups contact={contact} most={3} /> : <span className="faint">In no group</span>}</p>
      <p className={cx(css.fact, css.words)}>
        <Megaphone size={15} aria-hidden /> <span className="truncate">{hidden ? "Hidden" : contact.special_instructions ? <>“<MarkedText contact={contact} field="special_instructions" />”</> : "No extra words"}</span>
      </p>
      <footer className={css.foot}>
        {may("trigger_manual_calls") && contact.phone && (
          <Link to="/contacts/$contactId" params={{ contactId: contact.id }} search={{ do: "call" }} className={buttonClass({ small: true })}>
            <PhoneIcon size={15} aria-hidden /> Call now
          </Link>
        )}
        {mayEdit(contact) && (
          <Link to="/contacts/$contactId" params={{ contactId: contact.id }} search={{ do: "edit" }} className={buttonClass({ look: "quiet", small: true })}>
            <SquarePen size={15} aria-hidden /> Edit
          </Link>
        )}
        {mayEdit(contact) && (
          <Link to="/contacts/$contactId" params={{ contactId: contact.id }} search={{ do: "groups" }} className={buttonClass({ look: "quiet", small: true })}>
            <Layers size={15} aria-hidden /> Groups
          </Link>
        )}
      </footer>
    </article>
  );
}

function Line({ contact, chosen, onChoose, onStatus }: OneProps) {
  const zone = useZone();
  const at = contact.appointment_time ? new Date(contact.appointment_time) : null;
  return (
    <div className={css.line}>
      <LightCheckbox label={`Select ${contact.name}`} chosen={chosen} onChange={(_, span) => onChoose(span)} />
      <Link to="/contacts/$contactId" params={{ contactId: contact.id }} className={css.lineName} data-whole="">
        <Marked contact={contact} />
      </Link>
      <span className={css.linePhone}>
        <MarkedPhone contact={contact} />
      </span>
      <span className={css.lineNext}>
        <Reminder contact={contact} />
      </span>
      <span className={cx(css.lineWhen, "num")}>{at ? `${day(at, zone, now())}, ${clock(at, zone)}` : "No appointment"}</span>
      <button type="button" title="Show only these" className={css.status} onClick={() => onStatus(contact.appointment_status)}>
        <StatusBadge status={contact.appointment_status} />
      </button>
    </div>
  );
}
