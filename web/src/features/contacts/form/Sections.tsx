import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { useGroups } from "@/features/groups/queries";
import { holidayOn, useAppointmentTypes, useBusiness, useCallSettings, useLocations, useZone } from "@/features/session/business";
import { useColleagues } from "@/features/session/team";
import { joined } from "@/lib/words";
import { clock, clockOf, city, instantOf, wall, clock24, dateKey, skipped } from "@/lib/time";
import { now } from "@/api/clock";
import { GroupMark } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { DateField, TimeField } from "@/ui/DateTime";
import { Checkbox, Row, SelectField, Switch, TextField } from "@/ui/Field";
import { Hint } from "@/ui/Notes";
import { SpokenField } from "../SpokenField";
import { WAYS_TO_AGREE } from "../agreed";
import { useAllForms } from "../queries";
import { CustomFields } from "./CustomFields";
import { PhoneField } from "./PhoneField";
import css from "./Sections.module.css";
import { ABOUT, CHECKS, EMPTY, type Check, type Draft } from "./draft";
import { formOf, industries, switched } from "./shape";

export interface SectionProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Record<string, string>;
}

export function Section({ title, line, children }: { title: string; line?: string; children: ReactNode }) {
  return (
    <fieldset className={css.section}>
      <legend className={css.legend}>{title}</legend>
      {line && <p className="muted">{line}</p>}
      {children}
    </fieldset>
  );
}

export function Who({ draft, set, errors, focus = false }: SectionProps & { focus?: boolean }) {
  return (
    <Section title="Who">
      <TextField label="Name" value={draft.name} onChange={(name) => set({ name })} error={errors.name} isRequired autoComplete="off" autoFocus={focus} />
      <Row>
        <PhoneField label="Phone" value={draft.phone} onChange={(phone) => set({ phone })} error={errors.phone} isRequired />
        <TextField label="Email" type="email" optional value={draft.email} onChange={(email) => set({ email })} error={errors.email} autoComplete="off" />
      </Row>
    </Section>
  );
}

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;

interface TimeWarning {
  words: string;
  /** Times that exist, in place of one that does not. */
  instead?: { date: string; time: string; name: string }[];
}

/** What is odd about a time, before it is saved: closed, in the past, skipped or doubled by a change of the clocks. */
export function useTimeWarning(date: string, time: string, zone: string): TimeWarning | null {
  const business = useBusiness().data;
  const ours = useZone();
  if (!date || !time) return null;
  return timeWarning(date, time, { zone, ours }, business);
}

/** `zone` is the one that date and time are of, `ours` the business's. */
export function timeWarning(date: string, time: string, { zone, ours }: { zone: string; ours: string }, business: Pick<Schemas["BusinessView"], "business_hours"> | undefined): TimeWarning | null {
  const at = instantOf(date, time, zone);
  if (skipped(date, time, zone)) {
    const instead = [new Date(at.getTime() - 3_600_000), at].map((each) => ({ date: dateKey(each, zone), time: clock24(each, zone), name: clock(each, zone) }));
    return { words: `${clockOf(time)} does not exist on this day: the clocks go forward over it.`, instead };
  }
  const again = new Date(at.getTime() + 3_600_000);
  if (clock24(again, zone) === time && dateKey(again, zone) === date) return { words: "This time happens twice that night, because the clocks go back. The first one is used." };
  if (at < now()) return { words: "This time has passed." };
  // The business opens and closes by its own clock.
  const [here, then] = [dateKey(at, ours), clock24(at, ours)];
  const noon = new Date(`${here}T12:00:00Z`);
  const day = business?.business_hours.operating_schedule?.[DAYS[noon.getUTCDay()] ?? "monday"];
  if (day?.closed) return { words: `You are closed on ${new Intl.DateTimeFormat("en-GB", { weekday: "long", timeZone: "UTC" }).format(noon)}s. It can be saved all the same.` };
  if (day && (then < day.open || then >= day.close)) return { words: `Outside your opening hours, ${clockOf(day.open)} to ${clockOf(day.close)}. It can be saved all the same.` };
  const holiday = holidayOn(here, business);
  if (holiday) return { words: `This is ${holiday}. It can be saved all the same.` };
  return null;
}

/** `zone` is whose clock the date and the time are of: the business's, unless the record has another. */
export function When({ draft, set, errors, zone: given }: SectionProps & { zone?: string }) {
  const ours = useZone();
  const zone = given ?? ours;
  const types = useAppointmentTypes().data ?? [];
  const locations = useLocations().data ?? [];
  const warning = useTimeWarning(draft.date, draft.time, zone);
  const abroad = zone !== ours || wall(now(), zone).hour !== now().getHours();
  return (
    <Section title="When">
      <Row>
        <DateField label="Date" value={draft.date} onChange={(date) => set({ date })} error={errors.appointment_time && !draft.date ? "Add a date and a time." : errors.appointment_time} />
        <TimeField label="Time" value={draft.time} onChange={(time) => set({ time })} {...(abroad && { help: `${city(zone)} time` })} />
        <SelectField label="Duration" placeholder="Not said" value={draft.duration || null} options={["15", "30", "45", "60", "90", "120"].map((each) => ({ id: each, name: `${each} minutes` }))} onChange={(duration) => set({ duration })} error={errors.appointment_duration} />
      </Row>
      {warning && (
        <Hint tone="waiting">
          {warning.words}
          {warning.instead && (
            <span className={css.instead}>
              {warning.instead.map((each) => (
                <Button key={each.time} small onPress={() => set({ date: each.date, time: each.time })}>
                  {each.name}
                </Button>
              ))}
            </span>
          )}
        </Hint>
      )}
      <Row>
        {types.length > 0 ? (
          <SelectField label="Type" optional value={draft.type || "none"} options={[{ id: "none", name: "Not said" }, ...types.map((each) => ({ id: each.name, name: each.name }))]} onChange={(type) => set({ type: type === "none" ? "" : type })} error={errors.appointment_type} />
        ) : (
          <TextField label="Type" optional value={draft.type} onChange={(type) => set({ type })} error={errors.appointment_type} />
        )}
        <TextField label="With" optional value={draft.owner} onChange={(owner) => set({ owner })} error={errors.owner_name} autoComplete="off" />
        {locations.length > 0 && (
          <SelectField label="Location" optional value={draft.location || "none"} options={[{ id: "none", name: "Not said" }, ...locations.map((each) => ({ id: each.id, name: each.name }))]} onChange={(location) => set({ location: location === "none" ? "" : location })} error={errors.location_id} />
        )}
      </Row>
      {types.some((each) => each.name === draft.type && each.sensitivity === "sensitive") && <Hint>This type is private: Vio never says it, and lists show a lock in its place.</Hint>}
    </Section>
  );
}

/** `onMoved` shows the notes, where they are folded away; without a place for notes nothing is moved there. */
export function Words({ draft, set, errors, onMoved }: SectionProps & { onMoved?: () => void }) {
  const move = () => {
    set({ words: "", notes: [draft.notes.trim(), draft.words.trim()].filter(Boolean).join("\n") });
    onMoved?.();
  };
  return <SpokenField label="Said on the call" field="special_instructions" optional rows={2} most={300} value={draft.words} onChange={(words) => set({ words })} error={errors.special_instructions} help="Read out by Vio. No health details." onMove={onMoved && move} />;
}

export function Notes({ draft, set, errors }: SectionProps) {
  return <SpokenField label="Notes" field="notes" optional rows={3} most={5000} value={draft.notes} onChange={(notes) => set({ notes })} error={errors.notes} help="For staff only, never spoken." />;
}

export function More({ draft, set, errors }: SectionProps) {
  const colleagues = useColleagues();
  const settings = useCallSettings().data;
  return (
    <>
      <Groups draft={draft} set={set} errors={errors} />
      <Row>
        <SelectField label="Priority" value={draft.priority} options={["normal", "high", "urgent"].map((each) => ({ id: each, name: each.charAt(0).toUpperCase() + each.slice(1) }))} onChange={(priority) => set({ priority })} error={errors.priority} />
        <SelectField
          label="Reached by"
          value={draft.channel}
          options={[
            { id: "voice", name: "Phone call" },
            { id: "sms", name: "Text message" },
            { id: "email", name: "Email" },
          ]}
          onChange={(channel) => set({ channel })}
          error={errors.preferred_contact_method}
        />
        <SelectField
          label="Preferred time"
          value={draft.preferred}
          options={[
            { id: "anytime", name: "Any time" },
            { id: "morning", name: "Morning" },
            { id: "afternoon", name: "Afternoon" },
            { id: "evening", name: "Evening" },
            ...(["anytime", "morning", "afternoon", "evening"].includes(draft.preferred) ? [] : [{ id: draft.preferred, name: draft.preferred }]),
          ]}
          onChange={(preferred) => set({ preferred })}
          error={errors["preferences.preferred_contact_time"]}
        />
        {settings?.custom_timing_allowed !== false && (
          <TextField label="Hours before" optional inputMode="numeric" value={draft.hours} onChange={(hours) => set({ hours: hours.replace(/\D/g, "") })} help={`When Vio calls; ${String(settings?.hours_before_appointment ?? 24)} unless said.`} error={errors.call_before_hours} />
        )}
        {colleagues.length > 1 && <SelectField label="Assigned to" optional value={draft.assigned || "nobody"} options={[{ id: "nobody", name: "Nobody" }, ...colleagues]} onChange={(assigned) => set({ assigned: assigned === "nobody" ? "" : assigned })} />}
      </Row>
      <div className={css.switches}>
        <Switch isSelected={draft.sms} onChange={(sms) => set({ sms })}>
          Agreed to text messages
        </Switch>
        <Switch isSelected={draft.emailing} onChange={(emailing) => set({ emailing })}>
          Agreed to emails
        </Switch>
      </div>
    </>
  );
}

/** What an industry asks besides: its form, from data, and which industry's. `saved` is what the record had before. */
export function Industry({ draft, set, errors, saved = EMPTY }: SectionProps & { saved?: Pick<Draft, "industry" | "custom"> }) {
  const all = useAllForms();
  if (!all) return null;
  const form = formOf(all, draft.industry);
  const options = industries(all, saved.industry);
  const before = formOf(all, saved.industry);
  const left = form && form !== before ? (before?.fields ?? []).filter(({ name }) => name in saved.custom && !form.fields.some((each) => each.name === name)) : [];
  const shown = (industry: string) => (options.some(({ id }) => id === industry) ? industry : (formOf(all, industry)?.form ?? null));
  const choose = (chosen: string) => {
    // As it was: who followed the business goes on following it.
    const industry = chosen === shown(saved.industry) ? saved.industry : chosen;
    set({ industry, ...switched(all, formOf(all, industry)?.form, draft, saved.custom) });
  };
  return (
    <Section title={ABOUT}>
      {options.length > 1 && (
        <Row>
          <SelectField label="Industry" value={shown(draft.industry)} options={options} onChange={choose} help="Decides what is asked here." error={errors.industry} />
        </Row>
      )}
      {left.length > 0 && <Hint>Kept on the record, though this form does not ask for it: {joined(left.map((each) => each.label.toLowerCase()))}.</Hint>}
      {form && form.fields.length > 0 && <CustomFields key={form.form} form={form} values={draft.custom} onChange={(custom) => set({ custom })} errors={errors} />}
    </Section>
  );
}

export function Groups({ draft, set }: SectionProps) {
  const groups = useGroups().data?.groups ?? [];
  if (groups.length === 0) return null;
  return (
    <div role="group" aria-label="Groups" className={css.groups}>
      <span className={css.label}>Groups</span>
      {groups.map((each) => (
        <Checkbox key={each.id} isSelected={draft.groups.includes(each.id)} onChange={(on) => set({ groups: on ? [...draft.groups, each.id] : draft.groups.filter((id) => id !== each.id) })}>
          <span className={css.group}>
            <GroupMark {...each} /> <bdi>{each.name}</bdi>
          </span>
        </Checkbox>
      ))}
    </div>
  );
}

const CHECK: Record<Check, string> = {
  consent_obtained: "They agreed to reminder calls",
  minimum_necessary: "Only what is needed was entered",
  no_phi_in_instructions: "No health details in the spoken words",
  sensitivity_set: "The appointment type has the right sensitivity",
  staff_trained: "I was trained for this",
};

/** Permission to be called: needed for calls, not for saving. */
export function Permission({ draft, set, errors, medical }: SectionProps & { medical: boolean }) {
  const all = CHECKS.every((each) => draft.checks[each]);
  return (
    <Section title="Permission" line={medical ? "Needed before Vio may call. You can save without it." : "How they agreed to reminder calls, where your business asks for it."}>
      <SelectField
        label="Agreed to reminder calls"
        value={draft.consent || "none"}
        options={[{ id: "none", name: "Not recorded" }, ...WAYS_TO_AGREE]}
        onChange={(consent) => set({ consent: consent === "none" ? "" : consent, ...(consent !== "none" && { checks: { ...draft.checks, consent_obtained: true } }) })}
        error={errors.voice_consent}
      />
      {medical && (
        <div className={css.checks}>
          <button type="button" className={css.all} onClick={() => set({ checks: Object.fromEntries(CHECKS.map((each) => [each, !all])) as Draft["checks"] })}>
            {all ? "Untick all" : "Tick all five"}
          </button>
          {CHECKS.map((each) => (
            <Checkbox key={each} isSelected={draft.checks[each]} onChange={(on) => set({ checks: { ...draft.checks, [each]: on } })}>
              {CHECK[each]}
            </Checkbox>
          ))}
        </div>
      )}
    </Section>
  );
}
