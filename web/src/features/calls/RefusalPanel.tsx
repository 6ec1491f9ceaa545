import { useNavigate } from "@tanstack/react-router";
import { Ban, CalendarPlus, Check, ClockAlert, Hourglass, Phone, PhoneCall, PhoneMissed, Settings, ShieldCheck, SquarePen, X, type LucideIcon } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import type { Refusal } from "@/api/problem";
import { useEntryOf } from "@/features/dnc/entry";
import { useSaid } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { now } from "@/api/clock";
import { dayAndTimeWithin } from "@/lib/time";
import { count } from "@/lib/words";
import { Button, IconButton } from "@/ui/Button";
import { IconTile } from "@/ui/Badge";
import { PauseDialog } from "./CallMeter";
import { DecisionList } from "./DecisionList";
import css from "./RefusalPanel.module.css";
import { refusalCopy, type RefusalRemedy } from "./refusals";

interface Props {
  refusal: Refusal;
  contact: { id: string; name: string; phone?: string | null };
  onClose: () => void;
  onWait: () => void;
  onConsent?: () => void;
  onEdit?: () => void;
  /** Moves the coming appointment, or adds one. */
  onAppointment?: () => void;
}

interface Offer {
  icon: LucideIcon;
  title: string;
  line: string;
  button: string;
  run: () => void;
}

/** A refusal of a call: in the page, with the reason, what to do now, and the checks behind a link. */
export function RefusalPanel({ refusal, contact, onClose, onWait, onConsent, onEdit, onAppointment }: Props) {
  const zone = useZone();
  const may = useMay();
  const said = useSaid();
  const navigate = useNavigate();
  const heading = useRef<HTMLHeadingElement>(null);
  const title = useId();
  const [checks, setChecks] = useState(false);
  const [resuming, setResuming] = useState(false);
  const copy = refusalCopy(refusal, said.name(contact.name), zone);
  const listed = useEntryOf(copy.remedies.includes("dnc") ? (contact.phone ?? null) : null).data;
  const since = listed && `Added ${dayAndTimeWithin(new Date(listed.added_at), zone, now())}${listed.reason ? `: “${listed.reason}”` : "."}`;
  useEffect(() => heading.current?.focus(), [refusal]);

  const offers: Partial<Record<RefusalRemedy, Offer>> = {
    wait: { icon: Hourglass, title: "Wait in line", line: "Vio calls as soon as a call is free. You can take it out of line.", button: "Stay in line", run: onWait },
    ...(contact.phone && {
      ring: { icon: Phone, title: "Ring yourself", line: `${said.phone(contact.phone)}. Then note the answer, so Vio stops calling.`, button: "Ring", run: () => location.assign(`tel:${contact.phone ?? ""}`) },
    }),
    ...(onConsent && { consent: { icon: ShieldCheck, title: "Record consent", line: "If they agreed to reminder calls, say how.", button: "Record consent", run: onConsent } }),
    ...(onAppointment && { appointment: { icon: CalendarPlus, title: "See to the appointment", line: "Vio calls about one that is coming and waits for an answer.", button: "Choose a time", run: onAppointment } }),
    ...(onEdit && { record: { icon: SquarePen, title: "The record says so", line: "Only if they ask to be contacted again: switch it off there.", button: "Open the record", run: onEdit } }),
    calls: { icon: PhoneCall, title: "See the call", line: "Call again when it is over.", button: "Calls in progress", run: () => void navigate({ to: "/calls" }) },
    history: { icon: PhoneMissed, title: "See the calls", line: "Which failed, and why.", button: "Open the history", run: () => void navigate({ to: "/calls/history" }) },
    ...(onEdit && {
      edit: contact.phone
        ? { icon: SquarePen, title: "Correct the number", line: "Open the record and change it.", button: "Edit", run: onEdit }
        : { icon: SquarePen, title: "Add a number", line: "Write it on the record, then call.", button: "Add a number", run: onEdit },
    }),
    dnc: {
      icon: Ban,
      title: "Do-not-call list",
      line: since ?? "See who put it there, and why.",
      button: "Open its entry",
      run: () => void navigate({ to: "/calls/do-not-call", ...(contact.phone && { state: (before) => ({ ...before, listed: contact.phone ?? "" }) }) }),
    },
    ...(may("modify_call_schedules") && { resume: { icon: Check, title: "Resume calling", line: "Once the reason for the pause is gone.", button: "Resume calling", run: () => setResuming(true) } }),
    ...(may("configure_integrations") && { integrations: { icon: Settings, title: "Finish the set-up", line: "The agent, the caller number and the key.", button: "Open Integrations", run: () => void navigate({ to: "/settings/$section", params: { section: "integrations" } }) } }),
  };
  const shown = copy.remedies.map((each) => offers[each]).filter((each): each is Offer => each !== undefined);
  // Where nothing can be done from here, what the API advises.
  const remedy = refusal.text("remedy");
  const passed = refusal.decision.filter((each) => each.passed).length;
  const failed = refusal.decision.length - passed;

  return (
    <section className={css.panel} aria-labelledby={title}>
      <header className={css.header}>
        <IconTile icon={ClockAlert} tone="attention" size={20} />
        <div className={css.text}>
          <h2 id={title} ref={heading} tabIndex={-1}>
            {copy.title}
          </h2>
          <p className="muted">{copy.line}</p>
          {shown.length === 0 && remedy && <p className="muted">{remedy}</p>}
        </div>
        <IconButton icon={X} label="Close" onPress={onClose} />
      </header>
      {shown.length > 0 && (
        <ul className={css.offers}>
          {shown.map((offer, place) => (
            <li key={offer.title}>
              <IconTile icon={offer.icon} />
              <div className={css.offer}>
                <h3>{offer.title}</h3>
                <p className="muted">{offer.line}</p>
              </div>
              <Button look={place === 0 ? "primary" : "secondary"} onPress={offer.run}>
                {offer.button}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {refusal.decision.length > 0 && (
        <footer className={css.footer}>
          <span className={css.passed}>
            <Check size={14} aria-hidden /> {count(passed, "check")} passed
          </span>
          <span className={css.failed}>
            <X size={14} aria-hidden /> {count(failed, "check")} failed
          </span>
          <button type="button" className={css.link} aria-expanded={checks} onClick={() => setChecks(!checks)}>
            {checks ? "Hide checks" : "Show all checks"}
          </button>
        </footer>
      )}
      {checks && <DecisionList guards={refusal.decision} />}
      {resuming && <PauseDialog onClose={() => setResuming(false)} />}
    </section>
  );
}
