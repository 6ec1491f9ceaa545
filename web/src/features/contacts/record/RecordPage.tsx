import { useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { BellRing, CalendarPlus, ChevronRight, Copy, Ellipsis, Mail, MapPin, MessageSquare, Phone as PhoneIcon, RotateCcw, Send, SquarePen, Trash2, Users } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal } from "@/api/problem";
import { RefusalPanel } from "@/features/calls/RefusalPanel";
import { Name, Phone, useHidden } from "@/features/preferences/hidden";
import { useLocations, useNouns } from "@/features/session/business";
import { kept } from "@/features/session/kept";
import { useMay, useMayEdit, useMe } from "@/features/session/use";
import { useShortcuts } from "@/features/shell/shortcuts";
import { useParam } from "@/lib/useParam";
import { initials, number } from "@/lib/words";
import { Avatar } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import { Menu } from "@/ui/Menu";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { TabLink, TabLinks } from "@/ui/Tabs";
import { copy } from "@/ui/copy";
import { toast } from "@/ui/toast";
import { useBack } from "../back";
import { contactQuery, type Contact } from "../one";
import { StatusBadge } from "../status";
import { Appointments } from "./Appointments";
import { AppointmentCard } from "./AppointmentCard";
import { AppointmentDialog } from "./AppointmentDialog";
import { Aside } from "./Aside";
import { CallList } from "./CallList";
import { Changes } from "./Changes";
import { Earlier } from "./Earlier";
import { ConsentDialog } from "./ConsentDialog";
import { DeleteDialog } from "./DeleteDialog";
import { EditSheet, editForm } from "./EditSheet";
import { GroupsDialog } from "./GroupsDialog";
import { NotesList } from "./NotesList";
import { SmsDialog } from "./SmsDialog";
import css from "./RecordPage.module.css";
import { Timeline } from "./Timeline";
import { WorkOf } from "./WorkOf";
import { EmailDialog } from "./EmailDialog";
import { useCallNow } from "./useCallNow";
import { useRemind } from "./useRemind";
import { ways } from "./ways";

const TABS = ["timeline", "calls", "appointments", "notes", "changes"] as const;
type Tab = (typeof TABS)[number];

export default function RecordPage() {
  const contactId = useParam("contactId");
  const nouns = useNouns();
  const client = useQueryClient();
  const found = useQuery(contactQuery(contactId ?? ""));
  const restore = useMutation({
    mutationFn: () => body(api.POST("/api/contacts/{contact_id}/restore", { params: { path: { contact_id: contactId ?? "" } }, body: {} })),
    onSuccess: () => {
      toast("Brought back.");
      return client.invalidateQueries({ queryKey: ["contacts"] });
    },
  });
  if (found.isPending) return <Skeleton rows={6} tall label="Loading the record" />;
  const gone = found.error instanceof Refusal && found.error.status === 404;
  if (found.isLoadingError || gone) {
    return gone ? (
      <>
        <Empty
          title={`There is no such ${nouns.one}`}
          action={
            <Button icon={RotateCcw} isPending={restore.isPending} onPress={() => restore.mutate()}>
              Bring back, if deleted in the last 30 days
            </Button>
          }
        >
          The record was deleted, or the link is wrong.
        </Empty>
        {restore.isError && (
          <ErrorNote
            error={restore.error}
            what="Not brought back."
            {...(restore.error instanceof Refusal && restore.error.status === 404 && { detail: `No ${nouns.one} of this link was deleted in the last 30 days. Look for them by name in the list, or add them anew.` })}
          />
        )}
      </>
    ) : (
      <ErrorNote error={found.error} what={`Could not load this ${nouns.one}.`} retry={() => void found.refetch()} />
    );
  }
  return <Record key={found.data.value.id} contact={found.data.value} etag={found.data.etag} />;
}

function Record({ contact, etag }: { contact: Contact; etag: string }) {
  const chosen = useParam("tab");
  const { do: wanted }: { do?: string } = useSearch({ strict: false });
  const navigate = useNavigate();
  const nouns = useNouns();
  const hidden = useHidden();
  const may = useMay();
  const me = useMe();
  const editable = useMayEdit()(contact);
  const locations = useLocations().data;
  const { call, refusal } = useCallNow(contact);
  const remind = useRemind(contact);
  const [open, setOpen] = useState<"edit" | "consent" | "groups" | "appointment" | "move" | "delete" | "sms" | "email" | null>(() => (editable && kept(me.id, editForm(contact.id)) !== null ? "edit" : null));
  const tab: Tab = TABS.find((each) => each === chosen) ?? "timeline";
  const calls = useQuery({ queryKey: ["contacts", contact.id, "calls-count"], queryFn: () => body(api.GET("/api/contacts/{contact_id}/calls", { params: { path: { contact_id: contact.id }, query: { page_size: 10 } } })), enabled: may("view_call_results") }).data;

  const writable = editable ? ways(contact) : [];
  const coming = contact.appointment_time && new Date(contact.appointment_time) > now() && ["pending", "rescheduled"].includes(contact.appointment_status);
  const callable = may("trigger_manual_calls") && contact.is_active;
  const calling = call.isPending || contact.call_state === "calling_in_progress";
  const begin = call.mutate;
  // What another page asked to be done here, once; the address forgets it.
  const asked = useRef(false);
  useEffect(() => {
    if (!wanted || asked.current) return;
    asked.current = true;
    void navigate({ to: ".", search: {}, replace: true });
    if (wanted === "call" && callable) begin(false);
    else if (wanted === "move" && editable) setOpen("move");
    else if (wanted === "edit" && editable) setOpen("edit");
    else if (wanted === "groups") setOpen("groups");
  }, [wanted, navigate, callable, editable, begin]);
  const back = useBack(contact.id);
  const keys = {
    Escape: back,
    ...(callable && !calling && { c: () => begin(false) }),
    ...(contact.phone && { r: () => location.assign(`tel:${contact.phone ?? ""}`) }),
  };
  useShortcuts(keys);
  const where = locations?.find((each) => each.id === contact.location_id)?.name;
  const count = calls?.pagination.total_calls ?? (calls && !calls.pagination.next_cursor ? calls.calls.length : undefined);
  const tabs: [Tab, string, string | undefined][] = [
    ["timeline", "Timeline", undefined],
    ...(may("view_call_results") ? [["calls", "Calls", count === undefined ? undefined : String(count)] as [Tab, string, string | undefined]] : []),
    ["appointments", "Appointments", String(contact.appointments_count)],
    ["notes", "Notes", undefined],
    ["changes", "Changes", undefined],
  ];

  return (
    <>
      <nav aria-label="Where you are" className={css.crumbs}>
        <Link to="/contacts">{nouns.Many}</Link>
        <ChevronRight size={14} aria-hidden />
        <span>{nouns.One}</span>
      </nav>
      <header className={css.header}>
        <Avatar large text={initials(contact.name)} />
        <div className={css.who}>
          <div className={css.nameRow}>
            <h1>
              <Name>{contact.name}</Name>
            </h1>
            {contact.appointment_time && <StatusBadge status={contact.appointment_status} />}
          </div>
          <ul className={css.facts}>
            <li>
              <PhoneIcon size={15} aria-hidden />
              {contact.phone ? (
                <a href={`tel:${contact.phone}`}>
                  <Phone>{contact.phone}</Phone>
                </a>
              ) : (
                "No phone"
              )}
              {contact.phone && <IconButton icon={Copy} label="Copy the number" onPress={() => void copy(contact.phone ?? "")} />}
            </li>
            {contact.email && !hidden && (
              <li>
                <Mail size={15} aria-hidden /> <span className={`${css.email ?? ""} code`}>{contact.email}</span>
              </li>
            )}
            {where && (
              <li>
                <MapPin size={15} aria-hidden /> {where}
              </li>
            )}
            <Sharing ids={contact.shares_phone_with} onEdit={editable ? () => setOpen("edit") : undefined} />
          </ul>
        </div>
        <div className={css.actions}>
          {editable && (
            <>
              <Button icon={CalendarPlus} onPress={() => setOpen("appointment")}>
                Add appointment
              </Button>
              <Button icon={SquarePen} onPress={() => setOpen("edit")}>
                Edit
              </Button>
            </>
          )}
          {writable.length > 0 && (
            <Menu
              label="Write"
              trigger={
                <Button icon={Send} isPending={remind.isPending}>
                  Write
                </Button>
              }
              actions={[
                writable.includes("sms") && { id: "sms", name: "Send a text message", icon: MessageSquare, run: () => setOpen("sms") },
                writable.includes("email") && { id: "email", name: "Send an email", icon: Mail, run: () => setOpen("email") },
                Boolean(coming) && { id: "remind", name: "Send the reminder now", icon: BellRing, run: () => remind.mutate() },
              ]}
            />
          )}
          {callable && (
            <span className={css.call}>
              <Button look="primary" icon={PhoneIcon} wide isPending={call.isPending} isDisabled={calling} onPress={() => begin(false)}>
                {contact.call_state === "calling_in_progress" ? "On the phone" : "Call now"}
              </Button>
            </span>
          )}
          {may("delete_contacts") && <Menu label="More" trigger={<IconButton icon={Ellipsis} label="More" />} actions={[{ id: "delete", name: `Delete ${nouns.one}`, icon: Trash2, danger: true, run: () => setOpen("delete") }]} />}
        </div>
      </header>
      <div className={css.columns}>
        <div className={css.main}>
          {refusal && (
            <RefusalPanel
              refusal={refusal}
              contact={contact}
              onClose={call.reset}
              onWait={() => begin(true)}
              onAgain={() => begin(false)}
              {...(writable.includes("sms") && { onText: () => setOpen("sms") })}
              {...(editable && {
                onConsent: () => setOpen("consent"),
                onEdit: () => setOpen("edit"),
                onAppointment: () => setOpen(coming ? "move" : "appointment"),
              })}
            />
          )}
          {remind.isError && (
            <ErrorNote
              error={remind.error}
              what="The reminder was not sent."
              retry={() => remind.mutate()}
              onClose={remind.reset}
            />
          )}
          <WorkOf contact={contact} onCall={callable && !calling ? () => begin(false) : undefined} />
          <AppointmentCard contact={contact} etag={etag} editable={editable} onMove={() => setOpen("move")} onAdd={() => setOpen("appointment")} />
          <section className={css.tabs} aria-label="Record">
            <TabLinks label="Parts of the record">
              {tabs.map(([each, name, number]) => (
                <TabLink key={each} to="/contacts/$contactId/$tab" params={{ contactId: contact.id, tab: each }} count={number} current={each === tab} replace resetScroll={false}>
                  {name}
                </TabLink>
              ))}
            </TabLinks>
            {tab === "timeline" && <Timeline contact={contact} />}
            {tab === "calls" && <CallList contactId={contact.id} />}
            {tab === "appointments" && <Appointments contact={contact} />}
            {tab === "notes" && <NotesList contact={contact} editable={editable} />}
            {tab === "changes" && <Changes contactId={contact.id} />}
            {tab !== "timeline" && (
              <Earlier contact={contact}>
                {(id) =>
                  tab === "calls" ? <CallList contactId={id} /> : tab === "appointments" ? <Appointments contact={{ id, appointment_id: null, appointments_count: 0 }} /> : tab === "notes" ? <NotesList contact={{ id }} editable={false} /> : <Changes contactId={id} />
                }
              </Earlier>
            )}
          </section>
        </div>
        <Aside contact={contact} editable={editable} onEdit={() => setOpen("edit")} onConsent={() => setOpen("consent")} onGroups={() => setOpen("groups")} onText={() => setOpen("sms")} />
      </div>
      {open === "edit" && <EditSheet contact={contact} etag={etag} onClose={() => setOpen(null)} />}
      {open === "consent" && <ConsentDialog contact={contact} onClose={() => setOpen(null)} />}
      {open === "groups" && <GroupsDialog contact={contact} etag={etag} onClose={() => setOpen(null)} />}
      {open === "appointment" && <AppointmentDialog contact={contact} onClose={() => setOpen(null)} />}
      {open === "move" && <AppointmentDialog contact={contact} move onClose={() => setOpen(null)} />}
      {open === "email" && <EmailDialog contact={contact} onClose={() => setOpen(null)} />}
      {open === "sms" && <SmsDialog contact={contact} onClose={() => setOpen(null)} />}
      {open === "delete" && <DeleteDialog contact={contact} etag={etag} onClose={() => setOpen(null)} />}
    </>
  );
}

/** Who else has the number: nobody wonders then why one is called after the other. */
function Sharing({ ids, onEdit }: { ids: string[]; onEdit: (() => void) | undefined }) {
  const others = useQueries({ queries: ids.slice(0, 3).map((id) => contactQuery(id)), combine: (answers) => answers.flatMap((each) => (each.data ? [each.data.value] : [])) });
  if (others.length === 0) return null;
  const more = ids.length - others.length;
  return (
    <li className={css.sharing}>
      <Users size={15} aria-hidden />
      <span>
        Shares a number with{" "}
        {others.map((each, place) => (
          <span key={each.id}>
            {place > 0 && (place === others.length - 1 && more === 0 ? " and " : ", ")}
            <Link to="/contacts/$contactId" params={{ contactId: each.id }}>
              <Name>{each.name}</Name>
            </Link>
          </span>
        ))}
        {more > 0 && ` and ${number(more)} more`}. They are called one after the other.{" "}
        {onEdit && (
          <button type="button" className={css.link} onClick={onEdit}>
            Wrong number? Edit
          </button>
        )}
      </span>
    </li>
  );
}
