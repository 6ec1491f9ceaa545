import { Check, ChevronRight, MessageSquareText, Minus, NotebookPen, X } from "lucide-react";
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { now } from "@/api/clock";
import { useGroups } from "@/features/groups/queries";
import { Detail, Name } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { day, dayAndTime } from "@/lib/time";
import { humane, initials } from "@/lib/words";
import { Avatar, Badge, GroupTag } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Facts, Panel } from "@/ui/Panel";
import { agreed } from "../agreed";
import { ABOUT } from "../form/draft";
import { formOf, toldOf } from "../form/shape";
import { contactQuery, type Contact } from "../one";
import { useAllForms } from "../queries";
import css from "./Aside.module.css";

interface Props {
  contact: Contact;
  editable: boolean;
  onEdit: () => void;
  onConsent: () => void;
  onGroups: () => void;
  onText: () => void;
}

/** What one looks at before ringing somebody. */
export function Aside({ contact, editable, onEdit, onConsent, onGroups, onText }: Props) {
  const may = useMay();
  const zone = useZone();
  const groups = useGroups().data?.groups ?? [];
  const consent = contact.preferences.voice_consent;
  const own = groups.filter((each) => contact.group_ids.includes(each.id));
  const whyNoText = contact.do_not_contact ? "They are not to be contacted." : !contact.phone ? "There is no number." : !contact.preferences.sms_opt_in ? "They have not agreed to text messages. Edit records it." : null;
  const yesNo = (yes: boolean) =>
    yes ? (
      <span className={css.yes}>
        <Check size={14} aria-hidden /> Yes
      </span>
    ) : (
      <span className={css.no}>
        <Minus size={14} aria-hidden /> Not asked
      </span>
    );
  return (
    <div className={css.aside}>
      {contact.notes && (
        <Panel title="Before you ring" padded>
          <Detail>
            <Note text={contact.notes} />
          </Detail>
          <p className={css.small}>Staff only, never spoken.</p>
        </Panel>
      )}
      <Panel title="Said on the call" padded aside={editable && <LinkButton onClick={onEdit}>Edit</LinkButton>}>
        <Detail>{contact.special_instructions ? <q className={css.said}>{contact.special_instructions}</q> : <p className="muted">No extra words.</p>}</Detail>
        {contact.special_instructions && <p className={css.small}>{contact.special_instructions.length} of 300 characters</p>}
      </Panel>
      <About contact={contact} editable={editable} onEdit={onEdit} />
      <Panel title="Permission" padded>
        <Facts
          rows={[
            [
              "Reminder calls",
              consent.state === "given" ? (
                <span className={css.yes}>
                  <Check size={14} aria-hidden /> Yes, {agreed(consent.method)?.toLowerCase() ?? "recorded"}
                  {consent.obtained_at && `, ${day(new Date(consent.obtained_at), zone, now())}`}
                </span>
              ) : consent.state === "withdrawn" ? (
                <span className={css.withdrawn}>
                  <X size={14} aria-hidden /> Withdrawn{consent.withdrawn_at && ` ${day(new Date(consent.withdrawn_at), zone, now())}`}
                </span>
              ) : (
                <span className={css.no}>
                  <Minus size={14} aria-hidden /> Not recorded
                </span>
              ),
            ],
            ["Text messages", yesNo(contact.preferences.sms_opt_in)],
            ["Email", yesNo(contact.preferences.email_opt_in)],
            ["Do not contact", contact.do_not_contact ? <Badge tone="cancelled">Yes</Badge> : "No"],
            ...(contact.preferences.preferred_contact_time && contact.preferences.preferred_contact_time !== "anytime" ? [["Prefers", contact.preferences.preferred_contact_time] as [string, string]] : []),
          ]}
        />
        {editable && (
          <p className={css.foot}>
            <LinkButton onClick={onConsent}>{consent.state === "given" ? "Withdraw permission" : "Record permission"}</LinkButton>
          </p>
        )}
        {editable && (
          <div className={css.text}>
            <Button small icon={MessageSquareText} isDisabled={whyNoText !== null} onPress={onText} aria-describedby={whyNoText ? "why-no-text" : undefined}>
              Write a text message
            </Button>
            {whyNoText && (
              <p id="why-no-text" className={css.small}>
                {whyNoText}
              </p>
            )}
          </div>
        )}
      </Panel>
      <Panel title="Groups" padded aside={editable && (groups.length > 0 || may("manage_business_settings")) && <LinkButton onClick={onGroups}>Manage</LinkButton>}>
        {own.length === 0 ? (
          <p className="muted">In no group.</p>
        ) : (
          <p className={css.groups}>
            {own.map((each) => (
              <GroupTag key={each.id} {...each} />
            ))}
          </p>
        )}
      </Panel>
      {contact.shares_phone_with.length > 0 && (
        <Panel title="Same number">
          {contact.shares_phone_with.slice(0, 5).map((id) => (
            <SameNumber key={id} id={id} />
          ))}
        </Panel>
      )}
    </div>
  );
}

/** What the form of their industry asked, where something of it was filled in. */
function About({ contact, editable, onEdit }: Pick<Props, "contact" | "editable" | "onEdit">) {
  const all = useAllForms();
  const form = all && formOf(all, contact.industry);
  const told = toldOf(form, contact.custom_fields);
  // Said where it is another than the business's.
  const other = form && contact.industry && contact.industry !== all.default_form ? (contact.industry === form.form ? form.label : humane(contact.industry)) : null;
  if (told.length === 0 && !other) return null;
  const shown = (text: string, sensitive: boolean) => (sensitive ? <Detail>{text}</Detail> : text);
  return (
    <Panel title={ABOUT} padded aside={editable && <LinkButton onClick={onEdit}>Edit</LinkButton>}>
      <Facts rows={[...(other ? [["Industry", other] as [string, string]] : []), ...told.filter((each) => !each.long).map(({ name, text, sensitive }): [string, ReactNode] => [name, shown(text, sensitive)])]} />
      {told
        .filter((each) => each.long)
        .map(({ name, text, sensitive }) => (
          <div key={name} className={css.told}>
            <p className={css.small}>{name}</p>
            <p className={css.long}>{shown(text, sensitive)}</p>
          </div>
        ))}
    </Panel>
  );
}

/** Long notes do not push everything else off the screen. */
const LONG = 280;

function Note({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const long = text.length > LONG;
  return (
    <>
      <p className={css.note}>
        <NotebookPen size={15} aria-hidden /> <span className={long && !whole ? css.short : undefined}>{text}</span>
      </p>
      {long && (
        <p className={css.small}>
          <button type="button" className={css.link} aria-expanded={whole} onClick={() => setWhole(!whole)}>
            {whole ? "Show less" : "Show all"}
          </button>
        </p>
      )}
    </>
  );
}

function SameNumber({ id }: { id: string }) {
  const zone = useZone();
  const other = useQuery(contactQuery(id)).data?.value;
  if (!other) return null;
  return (
    <Link to="/contacts/$contactId" params={{ contactId: id }} className={css.same}>
      <Avatar small text={initials(other.name)} />
      <span>
        <b>
          <Name>{other.name}</Name>
        </b>
        <span className={css.small}>{other.appointment_time ? dayAndTime(new Date(other.appointment_time), zone, now()) : "No appointment"}</span>
      </span>
      <ChevronRight size={16} aria-hidden />
    </Link>
  );
}

function LinkButton({ onClick, children }: { onClick: () => void; children: string }) {
  return (
    <button type="button" className={css.link} onClick={onClick}>
      {children}
    </button>
  );
}
