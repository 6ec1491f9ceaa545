import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, Phone } from "lucide-react";
import { useEffect, useState } from "react";
import { api, body } from "@/api/client";
import { METHOD, callWord } from "@/features/calls/words";
import { AppointmentLine } from "@/features/contacts/AppointmentLine";
import { StatusBadge } from "@/features/contacts/status";
import type { ContactFound } from "@/features/contacts/one";
import { Name, useSaid } from "@/features/preferences/hidden";
import { useBusiness, useZone } from "@/features/session/business";
import { useColleague, useColleagues } from "@/features/session/team";
import { useMay } from "@/features/session/use";
import { nextWorkingDay } from "@/features/today/queries";
import { addDays, ago, clock, dateKey, dayAndTime, instantOf, longDay, since } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { humane } from "@/lib/words";
import { Badge } from "@/ui/Badge";
import { Button, buttonClass } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { SelectField, TextField } from "@/ui/Field";
import { ErrorNote, Hint, Skeleton } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import { Remedy, remedyOf } from "./Remedy";
import css from "./WorkSheet.module.css";
import { DONE, useWorkActions, type Done } from "./actions";
import type { Entry } from "./queries";
import { reasonOf } from "./reasons";

export type Section = "open" | "resolve" | "snooze" | "assign" | "note";

interface Props {
  entry: Entry;
  section: Section;
  person: ContactFound | undefined;
  /** On the person's own record, which needs no way to itself. */
  here?: boolean;
  onClose: () => void;
}

/** One piece of work: what happened, what was done, who does it, when again, and what was noted. */
export function WorkSheet({ entry, section, person, here = false, onClose }: Props) {
  const may = useMay();
  const said = useSaid();
  const zone = useZone();
  const at = useNow();
  const business = useBusiness().data;
  const colleagues = useColleagues();
  const colleague = useColleague();
  const { resolve, snooze, assign, note } = useWorkActions();
  const [other, setOther] = useState("");
  const [text, setText] = useState("");
  const detail = useQuery({
    queryKey: ["attention", entry.attention_id],
    queryFn: () => body(api.GET("/api/attention/{attention_id}", { params: { path: { attention_id: entry.attention_id } } })),
  });
  useEffect(() => {
    document.querySelector<HTMLElement>(`[data-work="${section}"] :is(a, button, input, textarea)`)?.focus();
  }, [section]);

  const { done } = reasonOf(entry.reason);
  const finish = (done: Done) => resolve.mutate({ entry, done }, { onSuccess: onClose });
  const later = (until: Date, words: string) =>
    snooze.mutate(
      { entry, until: until.toISOString() },
      {
        onSuccess: () => {
          toast(`Snoozed until ${words}.`);
          onClose();
        },
      },
    );
  const today = dateKey(at, zone);
  const tomorrow = addDays(today, 1);
  const open = nextWorkingDay(today, business);
  const times = [
    { words: clock(new Date(at.getTime() + 3_600_000), zone), name: "In an hour", until: new Date(at.getTime() + 3_600_000) },
    { words: "2pm", name: "Today at 2pm", until: instantOf(today, "14:00", zone) },
    { words: "tomorrow 9am", name: "Tomorrow at 9am", until: instantOf(tomorrow, "09:00", zone) },
    ...(open === tomorrow ? [] : [{ words: `${longDay(instantOf(open, "12:00", zone), zone)}, 9am`, name: `${longDay(instantOf(open, "12:00", zone), zone)} at 9am`, until: instantOf(open, "09:00", zone) }]),
  ].filter((each) => each.until > at);
  const remedy = remedyOf(entry, person);
  const refused = resolve.error ?? snooze.error ?? assign.error ?? note.error;

  return (
    <Dialog title={said.name(entry.contact.name)} kind="sheet" open onClose={onClose}>
      <Hint tone="attention">
        {reasonOf(entry.reason).line} <span>{since(new Date(entry.since), zone, at)}.</span>
      </Hint>
      {person?.appointment_time && (
        <p className={css.appointment}>
          <b>{dayAndTime(new Date(person.appointment_time), zone, at)}</b> <span className="muted"><AppointmentLine contact={person} /></span> <StatusBadge status={person.appointment_status} />
        </p>
      )}
      <div data-work="open" className={css.choices}>
        {!here && <Remedy entry={entry} person={person} primary onGone={onClose} />}
        {person?.phone && (here || remedy !== "ring") && (
          <a className={buttonClass({ small: true })} href={`tel:${person.phone}`}>
            <Phone size={15} aria-hidden /> Ring {said.phone(person.phone)}
          </a>
        )}
        {!here && (
          <Link to="/contacts/$contactId" params={{ contactId: entry.contact.id }} className={buttonClass({ look: "quiet", small: true })} onClick={onClose}>
            Open the record
          </Link>
        )}
      </div>
      {!here && may("view_call_results") && <LastCalls contactId={entry.contact.id} />}
      {refused && <ErrorNote error={refused} what="Nothing was changed." />}
      <section data-work="resolve" className={css.section} aria-labelledby="work-done">
        <h3 id="work-done">What was done?</h3>
        <div className={css.choices}>
          {done && (
            <Button small icon={Check} isPending={resolve.isPending} onPress={() => finish({ text: done.text, status: null })}>
              {done.name}
            </Button>
          )}
          {DONE.filter((each) => !each.status || entry.appointment_id).map((each) => (
            <Button key={each.id} small icon={Check} isPending={resolve.isPending} onPress={() => finish(each)}>
              {each.name}
            </Button>
          ))}
        </div>
        <form
          className={css.line}
          onSubmit={(event) => {
            event.preventDefault();
            if (other.trim()) finish({ text: other.trim(), status: null });
          }}
        >
          <TextField label="Something else" value={other} onChange={setOther} maxLength={300} />
          <Button type="submit" isDisabled={!other.trim()} isPending={resolve.isPending}>
            Resolve
          </Button>
        </form>
      </section>
      <section data-work="snooze" className={css.section} aria-labelledby="work-later">
        <h3 id="work-later">Later</h3>
        <div className={css.choices}>
          {times.map(({ name, words, until }) => (
            <Button key={name} small isPending={snooze.isPending} onPress={() => later(until, words)}>
              {name}
            </Button>
          ))}
        </div>
      </section>
      <section data-work="assign" className={css.section}>
        <SelectField
          label="Assigned to"
          value={entry.assigned_to ?? "nobody"}
          options={[{ id: "nobody", name: "Nobody" }, ...colleagues.map((each) => ({ id: each.id, name: each.name }))]}
          onChange={(to) => {
            assign.mutate({ entry, to: to === "nobody" ? null : to }, { onSuccess: onClose });
          }}
        />
      </section>
      <section data-work="note" className={css.section}>
        <form
          className={css.stack}
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim()) note.mutate({ entry, text: text.trim() }, { onSuccess: () => setText("") });
          }}
        >
          <TextField label="Note" rows={2} value={text} onChange={setText} maxLength={5000} help="For staff only, never spoken." />
          <Button type="submit" small isDisabled={!text.trim()} isPending={note.isPending}>
            Add note
          </Button>
        </form>
      </section>
      {(detail.data?.history.length ?? 0) > 0 && (
        <section className={css.section} aria-labelledby="work-history">
          <h3 id="work-history">So far</h3>
          <ol className={css.history}>
            {detail.data?.history.map((step, place) => (
              <li key={place}>
                <span className="faint">{ago(new Date(step.at), zone, at)}</span>
                <span>
                  {stepWords(step)} {colleague(step.by) && <span className="faint">{colleague(step.by)}</span>}
                  {step.text && <Quote>{step.text}</Quote>}
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </Dialog>
  );
}

/** The last calls to this person and what came of them. */
function LastCalls({ contactId }: { contactId: string }) {
  const zone = useZone();
  const at = useNow();
  const calls = useQuery({
    queryKey: ["contacts", contactId, "calls-count"],
    queryFn: () => body(api.GET("/api/contacts/{contact_id}/calls", { params: { path: { contact_id: contactId }, query: { page_size: 10 } } })),
  });
  const made = (calls.data?.calls ?? []).filter((each) => each.placed_at != null).slice(0, 3);
  return (
    <section className={css.section} aria-labelledby="work-calls">
      <h3 id="work-calls">Last calls</h3>
      {calls.isPending && <Skeleton rows={1} />}
      {calls.isError && <ErrorNote error={calls.error} what="Could not load the calls." retry={() => void calls.refetch()} />}
      {calls.data && made.length === 0 && <p className="muted">Vio has not called yet.</p>}
      {made.length > 0 && (
        <ul className={css.history}>
          {made.map((call) => {
            const word = callWord(call, at);
            return (
              <li key={call.session_id}>
                <span className="faint">{ago(new Date(call.ended_at ?? call.placed_at ?? call.due_at), zone, at)}</span>
                <span className={css.call}>
                  <Badge tone={word.tone} icon={word.icon}>
                    {word.word}
                  </Badge>
                  {METHOD[call.method] ?? call.method}
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

function Quote({ children }: { children: string }) {
  return (
    <q className={css.quote}>
      <Name>{children}</Name>
    </q>
  );
}

function stepWords(step: object): string {
  const kind = "step" in step ? step.step : "kind" in step ? step.kind : undefined;
  return typeof kind === "string" ? humane(kind) : "Changed";
}
