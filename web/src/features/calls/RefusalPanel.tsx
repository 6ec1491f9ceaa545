import { useQueries } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Ban, CalendarPlus, Check, CirclePause, Hourglass, MessageSquareText, Phone, PhoneCall, PhoneForwarded, PhoneMissed, RotateCw, Settings, ShieldAlert, ShieldCheck, SquarePen, X, type LucideIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api } from "@/api/client";
import { Refusal } from "@/api/problem";
import { contactQuery, type Contact } from "@/features/contacts/one";
import { useEntryOf } from "@/features/dnc/entry";
import { useSaid } from "@/features/preferences/hidden";
import { useCallSettings, useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMay } from "@/features/session/use";
import { now } from "@/api/clock";
import { dayAndTimeWithin } from "@/lib/time";
import { useCountdown } from "@/lib/useCountdown";
import { count, waitWords } from "@/lib/words";
import { PauseDialog } from "./CallMeter";
import { DecisionList } from "./DecisionList";
import { RefusalCard, type Offer } from "./RefusalCard";
import css from "./RefusalPanel.module.css";
import { useLimits } from "./queries";
import { refusalCopy, type RefusalRemedy } from "./refusals";
import { GUARD } from "./words";

interface Props {
  refusal: Refusal;
  contact: Contact;
  onClose: () => void;
  onWait: () => void;
  /** Calls again. */
  onAgain: () => void;
  onConsent?: () => void;
  onEdit?: () => void;
  /** Moves the coming appointment, or adds one. */
  onAppointment?: () => void;
  /** Writes a text message, where they agreed to that. */
  onText?: () => void;
}

/** What kind of no it is, where it is not one of time: by what can be done about it. */
const REASON: [RefusalRemedy, LucideIcon][] = [
  ["consent", ShieldAlert],
  ["agreed", ShieldAlert],
  ["dnc", Ban],
  ["record", Ban],
  ["resume", CirclePause],
];

/** How often it is looked whether a number is free again. */
const LOOK = 4_000;

/** Calls as soon as nobody at the number is on the phone any more; only while the refusal is open. */
function useRightAfter(contactId: string, run: () => void): [boolean, (waits: boolean) => void] {
  const [waits, setWaits] = useState(false);
  const go = useRef(run);
  useEffect(() => {
    go.current = run;
  });
  useEffect(() => {
    if (!waits) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const look = async () => {
      // Only asked, not called: a call that is refused would be written down each time.
      const busy = await api.POST("/api/contacts/{contact_id}/call-now", { params: { path: { contact_id: contactId } }, body: { dry_run: true } }).then(
        () => false,
        (error: unknown) => error instanceof Refusal && ["call-in-progress", "rate-limited", "offline"].includes(error.slug),
      );
      if (stopped) return;
      if (busy) timer = setTimeout(() => void look(), LOOK);
      else {
        setWaits(false);
        go.current();
      }
    };
    timer = setTimeout(() => void look(), LOOK);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [waits, contactId]);
  return [waits, setWaits];
}

/** A refusal of a call: in the page, with the reason, what to do now, and the checks behind a link. */
export function RefusalPanel({ refusal, contact, onClose, onWait, onAgain, onConsent, onEdit, onAppointment, onText }: Props) {
  const zone = useZone();
  const may = useMay();
  const said = useSaid();
  const navigate = useNavigate();
  const [checks, setChecks] = useState(false);
  const [resuming, setResuming] = useState(false);
  const limits = useLimits().data;
  const settings = useCallSettings().data;
  const colleague = useColleague();
  const left = useCountdown(refusal.retryAfter, refusal);
  const busy = refusal.slug === "call-in-progress";
  const [waits, setWaits] = useRightAfter(contact.id, onAgain);
  const sharing = useQueries({
    queries: (busy ? contact.shares_phone_with.slice(0, 3) : []).map((id) => ({ ...contactQuery(id), retry: false })),
    combine: (answers) => answers.flatMap((each) => (each.data ? [each.data.value] : [])),
  });
  const onCall = sharing.find((each) => each.call_state === "calling_in_progress");
  const copy = refusalCopy(refusal, said.name(contact.name), zone, {
    consent: contact.preferences.voice_consent,
    theirZone: contact.preferences.timezone ?? zone,
    settings,
    limits,
    colleague,
    planned: contact.next_call_at,
    sharing: sharing.map((each) => said.name(each.name)),
    onCall: onCall && said.name(onCall.name),
    left,
  });
  const listed = useEntryOf(copy.remedies.includes("dnc") ? (contact.phone ?? null) : null).data;
  const since = listed && `Added ${dayAndTimeWithin(new Date(listed.added_at), zone, now())}${listed.reason ? `: “${listed.reason}”` : "."}`;

  const offers: Partial<Record<RefusalRemedy, Offer>> = {
    wait: { icon: Hourglass, title: "Wait in line", line: "Vio calls as soon as a call is free. You can take it out of line.", button: "Stay in line", run: onWait },
    ...(contact.phone && {
      ring: { icon: Phone, title: "Ring yourself", line: `${said.phone(contact.phone)}. Then note the answer, so Vio stops calling.`, button: "Ring", run: () => location.assign(`tel:${contact.phone ?? ""}`) },
    }),
    ...(onConsent && { consent: { icon: ShieldCheck, title: "Record consent", line: "If they agreed to reminder calls, say how.", button: "Record consent", run: onConsent } }),
    ...(onConsent && { agreed: { icon: ShieldCheck, title: "They agreed again", line: "Only if they said so to you: record how.", button: "Record consent", run: onConsent } }),
    ...(onText && { text: { icon: MessageSquareText, title: "Write a text", line: "They agreed to text messages.", button: "Write", run: onText } }),
    ...(may("configure_call_settings") && { hours: { icon: Settings, title: "When Vio may call", line: "Weekends and holidays are set there.", button: "Open call settings", run: () => void navigate({ to: "/settings/$section", params: { section: "calls" } }) } }),
    again: { icon: RotateCw, title: "Try again", line: left > 0 ? `Possible in ${waitWords(left)}.` : "Nobody is called twice by it.", button: "Try again", run: onAgain, isDisabled: left > 0 },
    after: waits
      ? { icon: PhoneForwarded, title: "Called right after", line: "Vio calls when the number is free. Leave this page open until then.", button: "Do not wait", run: () => setWaits(false) }
      : { icon: PhoneForwarded, title: "Call right after", line: "Vio calls as soon as the number is free, while this page is open.", button: "Call right after", run: () => setWaits(true) },
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
  const shown = copy.remedies.flatMap((each) => (offers[each] ? [offers[each]] : []));
  // Where nothing can be done from here, what the API advises.
  const remedy = refusal.text("remedy");
  const passed = refusal.decision.filter((each) => each.passed).length;
  const failed = refusal.decision.length - passed;
  const stopped = failed === 1 ? GUARD[refusal.decision.find((each) => !each.passed)?.guard ?? ""] : undefined;

  return (
    <RefusalCard
      title={copy.title}
      line={copy.line}
      offers={shown}
      about={refusal}
      icon={REASON.find(([each]) => copy.remedies.includes(each))?.[1]}
      onClose={onClose}
      more={
        <>
          {shown.length === 0 && remedy && <p className="muted">{remedy}</p>}
          {refusal.status >= 500 && refusal.reference && <p className="faint code">Reference {refusal.reference}</p>}
        </>
      }
    >
      {refusal.decision.length > 0 && (
        <footer className={css.footer}>
          <span className={css.passed}>
            <Check size={14} aria-hidden /> {count(passed, "check")} passed
          </span>
          <span className={css.failed}>
            <X size={14} aria-hidden /> {count(failed, "check")} failed
            {stopped && `: “${stopped}”`}
          </span>
          <button type="button" className={css.link} aria-expanded={checks} onClick={() => setChecks(!checks)}>
            {checks ? "Hide checks" : "Show all checks"}
          </button>
        </footer>
      )}
      {checks && <DecisionList guards={refusal.decision} consent={contact.preferences.voice_consent} />}
      {resuming && <PauseDialog onClose={() => setResuming(false)} />}
    </RefusalCard>
  );
}
