import { useQuery } from "@tanstack/react-query";
import { Check, Phone } from "lucide-react";
import { useEffect, useState } from "react";
import { api, body } from "@/api/client";
import { AppointmentLine } from "@/features/contacts/AppointmentLine";
import { StatusBadge } from "@/features/contacts/status";
import type { ContactFound } from "@/features/contacts/one";
import { Name, useSaid } from "@/features/preferences/hidden";
import { useBusiness, useZone } from "@/features/session/business";
import { useColleague, useColleagues } from "@/features/session/team";
import { nextWorkingDay } from "@/features/today/queries";
import { addDays, ago, clock, dateKey, dayAndTime, instantOf, longDay, since } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { humane } from "@/lib/words";
import { Button, buttonClass } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { SelectField, TextField } from "@/ui/Field";
import { ErrorNote, Hint } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import css from "./WorkSheet.module.css";
import { DONE, useWorkActions, type Done } from "./actions";
import type { Entry } from "./queries";
import { reasonOf } from "./reasons";

export type Section = "resolve" | "snooze" | "assign" | "note";

interface Props {
  entry: Entry;
  section: Section;
  person: ContactFound | undefined;
  onClose: () => void;
}

/** One piece of work: what happened, what was done, who does it, when again, and what was noted. */
export function WorkSheet({ entry, section, person, onClose }: Props) {
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
    document.querySelector<HTMLElement>(`[data-work="${section}"] :is(button, input, textarea)`)?.focus();
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
  const refused = resolve.error ?? snooze.error ?? assign.error ?? note.error;

  return (
    <Dialog title={said.name(entry.contact.name)} kind="sheet" open onClose={onClose}>
      <Hint tone="attention">
        {reasonOf(entry.reason).line} <span>{since(new Date(entry.since), zone, at)}.</span>
      </Hint>
      {person && (
        <p className={css.appointment}>
          {person.appointment_time && <b>{dayAndTime(new Date(person.appointment_time), zone, at)}</b>} <span className="muted"><AppointmentLine contact={person} /></span> <StatusBadge status={person.appointment_status} />
          {person.phone && (
            <a className={buttonClass({ small: true })} href={`tel:${person.phone}`}>
              <Phone size={15} aria-hidden /> Ring {said.phone(person.phone)}
            </a>
          )}
        </p>
      )}
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
