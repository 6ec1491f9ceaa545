import { Hourglass, MessageSquareText, Phone, PhoneCall, PhoneOff, ShieldAlert, TriangleAlert } from "lucide-react";
import { useMemo, useSyncExternalStore, type ReactNode } from "react";
import { adoptColumns, columnsKey as keyOf, onColumns, type Choice } from "@/features/preferences/columns";
import { keepPreferences } from "@/features/preferences/keep";
import { reasonOf } from "@/features/attention/reasons";
import { useHidden } from "@/features/preferences/hidden";
import { useBusiness, useLocations, useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { ago, clock, day, dayAndTime } from "@/lib/time";
import { now } from "@/api/clock";
import { count } from "@/lib/words";
import { Badge, GroupTag } from "@/ui/Badge";
import { AppointmentLine } from "./AppointmentLine";
import css from "./columns.module.css";
import { MarkedPhone, MarkedText, Marked } from "./Marks";
import { WORDS } from "./filters";
import type { ContactFound } from "./one";
import { useKeepColumns, type SavedList } from "./saved";
import { StatusBadge } from "./status";
import { lacksConsent } from "./unasked";

export interface Column {
  id: string;
  name: string;
  /** The key the API sorts by, where it does. */
  sort?: string;
  width: number;
  /** What is never cut, such as a time, asks for this much. */
  least?: number;
  cell: (contact: ContactFound) => ReactNode;
  /** Shown unless chosen otherwise. */
  usual: boolean;
}

const SOURCE: Record<string, string> = WORDS.source;
const PRIORITY: Record<string, string> = WORDS.priority;

export function columnsOf(one: string): Column[] {
  return [
    { id: "name", name: one, sort: "name", width: 264, usual: true, cell: (contact) => <Person contact={contact} /> },
    { id: "appointment", name: "Appointment", sort: "appointment_time", width: 200, least: 172, usual: true, cell: (contact) => <When contact={contact} /> },
    { id: "status", name: "Status", sort: "status", width: 124, usual: true, cell: (contact) => <StatusBadge status={contact.appointment_status} /> },
    { id: "reminder", name: "Next reminder", width: 200, least: 196, usual: true, cell: (contact) => <Reminder contact={contact} /> },
    { id: "groups", name: "Groups", width: 176, usual: true, cell: (contact) => <Groups contact={contact} /> },
    { id: "last_contact", name: "Last spoken to", sort: "last_contact", width: 140, usual: false, cell: (contact) => <Ago at={contact.last_contact_time} /> },
    { id: "tries", name: "Tries", sort: "call_attempts", width: 80, usual: false, cell: (contact) => <span className="num">{contact.call_attempts}</span> },
    { id: "email", name: "Email", width: 220, usual: false, cell: (contact) => <Hideable>{contact.email && <MarkedText contact={contact} field="email" />}</Hideable> },
    { id: "source", name: "Source", width: 110, usual: false, cell: (contact) => SOURCE[contact.booking_source] ?? contact.booking_source },
    { id: "priority", name: "Priority", width: 100, usual: false, cell: (contact) => PRIORITY[contact.priority] ?? contact.priority },
    { id: "assigned", name: "Assigned to", width: 140, usual: false, cell: (contact) => <Assigned contact={contact} /> },
    { id: "location", name: "Location", width: 150, usual: false, cell: (contact) => <Location contact={contact} /> },
    { id: "created", name: "Added", sort: "created_at", width: 140, usual: false, cell: (contact) => <Ago at={contact.created_at} /> },
  ];
}

export function Person({ contact }: { contact: ContactFound }) {
  return (
    <span className={css.two}>
      <span className={`${css.strong ?? ""} truncate`}>
        <Marked contact={contact} />
      </span>
      <span className={css.second}>
        <MarkedPhone contact={contact} />
      </span>
    </span>
  );
}

function When({ contact }: { contact: ContactFound }) {
  const zone = useZone();
  if (!contact.appointment_time) return <span className="faint">No appointment</span>;
  const at = new Date(contact.appointment_time);
  return (
    <span className={css.two}>
      <span className={`${css.strong ?? ""} truncate num`}>
        <time dateTime={contact.appointment_time}>
          {day(at, zone, now())}, {clock(at, zone)}
        </time>
      </span>
      <span className={`${css.second ?? ""} truncate`}>
        <AppointmentLine contact={contact} />
      </span>
    </span>
  );
}

/** What Vio does next, or why it does nothing. */
export function Reminder({ contact }: { contact: ContactFound }) {
  const zone = useZone();
  const business = useBusiness().data;
  if (contact.call_state === "calling_in_progress") {
    return (
      <Badge tone="calling" icon={PhoneCall}>
        On the phone
      </Badge>
    );
  }
  if (contact.needs_attention) {
    return (
      <span className={css.attention} title={reasonOf(contact.needs_attention.reason).line}>
        <Badge tone="attention" icon={TriangleAlert}>
          <span className="truncate">Needs attention</span>
        </Badge>
      </span>
    );
  }
  if (contact.do_not_contact) {
    return (
      <span className={css.off}>
        <PhoneOff size={15} aria-hidden /> Do not call
      </span>
    );
  }
  if (lacksConsent(contact, business, now())) {
    return (
      <span className={css.attention} title={contact.preferences.voice_consent.state === "withdrawn" ? "Not called: consent to calls was withdrawn." : "Not called: consent to calls is not recorded."}>
        <Badge tone="attention" icon={ShieldAlert}>
          No consent
        </Badge>
      </span>
    );
  }
  if (!contact.next_call_at) return <span className="faint">{contact.appointment_status === "confirmed" ? "Not needed" : "None"}</span>;
  const due = Date.parse(contact.next_call_at) <= now().getTime();
  const Icon = contact.preferred_contact_method !== "voice" ? MessageSquareText : due ? Hourglass : Phone;
  return (
    <span className={css.next}>
      <Icon size={15} aria-hidden />
      <span className="truncate num">
        {due ? "In line" : dayAndTime(new Date(contact.next_call_at), zone, now())}
        {contact.call_attempts > 0 && `, try ${String(contact.call_attempts + 1)}`}
      </span>
    </span>
  );
}

export function Groups({ contact, most = 2 }: { contact: ContactFound; most?: number }) {
  const shown = contact.groups.slice(0, contact.group_count > most ? most - 1 || 1 : most);
  const more = contact.group_count - shown.length;
  return (
    <span className={css.groups} {...(more > 0 && { "data-whole": contact.groups.map((each) => each.name).join(", ") })}>
      {shown.map((each) => (
        <GroupTag key={each.id} {...each} />
      ))}
      {more > 0 && (
        <span className={css.more}>
          +{more}
          <span className="hidden-visually"> {count(more, "more group")}</span>
        </span>
      )}
    </span>
  );
}

function Ago({ at }: { at: string | null | undefined }) {
  const zone = useZone();
  return at ? <span>{ago(new Date(at), zone, now())}</span> : <span className="faint">Never</span>;
}

function Hideable({ children }: { children: ReactNode }) {
  const hidden = useHidden();
  return <span className="truncate code">{hidden ? "" : children}</span>;
}

function Assigned({ contact }: { contact: ContactFound }) {
  const colleague = useColleague();
  return contact.assigned_to ? (colleague(contact.assigned_to) ?? "A colleague") : <span className="faint">Nobody</span>;
}

function Location({ contact }: { contact: ContactFound }) {
  const locations = useLocations().data;
  return <span className="truncate">{locations?.find((each) => each.id === contact.location_id)?.name ?? ""}</span>;
}

/** Widths as the account keeps them. */
const whole = (widths: Record<string, number>): Record<string, number> => Object.fromEntries(Object.entries(widths).map(([id, width]) => [id, Math.min(2_000, Math.max(1, Math.round(width)))]));

export type { Choice };

const cache = new Map<string, { text: string | null; choice: Choice }>();
const plain: Choice = { shown: columnsOf("").filter((each) => each.usual).map((each) => each.id), widths: {} };

function read(key: string): Choice {
  const text = localStorage.getItem(key);
  const known = cache.get(key);
  if (known?.text === text) return known.choice;
  let choice = plain;
  try {
    if (text) choice = { ...plain, ...(JSON.parse(text) as Partial<Choice>) };
  } catch {
    choice = plain;
  }
  cache.set(key, { text, choice });
  return choice;
}

/** The columns of all lists, or of a saved one that has its own. How wide they are is the same in all. */
export function useColumnChoice(user: string, saved?: SavedList): [Choice, (next: Choice | null) => void] {
  const key = keyOf(user);
  const usual = useSyncExternalStore(onColumns, () => read(key));
  const keep = useKeepColumns();
  const shown = saved?.columns;
  const choice = useMemo(() => (shown ? { ...usual, shown } : usual), [usual, shown]);
  const set = (changed: Choice | null) => {
    let next = changed;
    if (saved && shown) {
      const columns = changed?.shown ?? plain.shown;
      if (columns.join() !== shown.join()) keep(saved, columns);
      next = { shown: usual.shown, widths: changed?.widths ?? {} };
    }
    adoptColumns(user, next);
    keepPreferences({ contact_columns: next && { shown: next.shown, widths: whole(next.widths) } });
  };
  return [choice, set];
}
