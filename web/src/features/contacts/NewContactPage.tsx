import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useBlocker } from "@tanstack/react-router";
import { ChevronDown, ChevronRight } from "lucide-react";
import { useState, type SubmitEvent } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { holidayOn, useBusiness, useCallSettings, useNouns, useZone } from "@/features/session/business";
import { Restored } from "@/features/session/Restored";
import { useMay } from "@/features/session/use";
import { useKept } from "@/features/session/useKept";
import { useShortcuts } from "@/features/shell/shortcuts";
import { dayAndTime, dayAndTimeWithin, instantOf, skipped } from "@/lib/time";
import { capital } from "@/lib/words";
import { useFirstWrong } from "@/lib/useFirstWrong";
import { Button } from "@/ui/Button";
import { Empty, ErrorNote, Hint } from "@/ui/Notes";
import { Facts, PageHeader, Panel } from "@/ui/Panel";
import { toast } from "@/ui/toast";
import css from "./NewContactPage.module.css";
import { Duplicates } from "./form/Duplicates";
import { Industry, More, Notes, Permission, Section, When, Who, Words } from "./form/Sections";
import { callAt, callAtWords } from "./form/callAt";
import { EMPTY, bodyOf, type Draft } from "./form/draft";

/** One page, three sections and what will follow from them. */
export default function NewContactPage() {
  const nouns = useNouns();
  if (!useMay()("create_contacts")) return <Empty title={`You may not add ${nouns.many}`}>An administrator can allow it.</Empty>;
  return <NewContact />;
}

function NewContact() {
  const nouns = useNouns();
  const zone = useZone();
  const business = useBusiness().data;
  const settings = useCallSettings().data;
  const client = useQueryClient();
  const navigate = useNavigate();
  const { value: draft, set: setDraft, restored, discard } = useKept<Draft>("new-contact", EMPTY);
  const [more, setMore] = useState(restored);
  const [saved, setSaved] = useState(0);
  const [existing, setExisting] = useState<string[] | null>(null);
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }));
  const medical = business?.hipaa_mode ?? false;
  const dirty = JSON.stringify(draft) !== JSON.stringify(EMPTY);
  useBlocker({ shouldBlockFn: () => dirty && !confirm("Leave without saving? What you typed is lost."), enableBeforeUnload: () => dirty });

  const save = useMutation({
    mutationFn: ({ again: _again, asNew }: { again: boolean; asNew?: boolean }) => body(api.POST("/api/contacts", { body: { ...bodyOf(draft), ...(asNew && { on_duplicate: "create_new" }) } })),
    onSuccess: (contact, { again }) => {
      void client.invalidateQueries({ queryKey: ["contacts"] });
      toast(`${nouns.One} added.${contact.next_call_at ? ` Vio calls ${dayAndTimeWithin(new Date(contact.next_call_at), zone, now())}.` : ""}`);
      for (const warning of contact.warnings ?? []) toast(warning.detail);
      setDraft(EMPTY);
      setExisting(null);
      if (again) setSaved((before) => before + 1);
      // After the draft is empty, so that leaving asks nothing.
      // The way back from the record is to where this was opened, not to an empty form.
      else setTimeout(() => void navigate({ to: "/contacts/$contactId", params: { contactId: contact.id }, replace: true }));
    },
    onError: (error) => {
      if (error instanceof Refusal && error.slug === "duplicate-contact") setExisting(error.texts("existing_ids"));
      else if (error instanceof Refusal && error.fields.some(({ pointer }) => !/^\/(name|phone|email|appointment|owner|location)/.test(pointer))) setMore(true);
    },
  });
  const refusal = save.error instanceof Refusal ? save.error : null;
  const errors = byField(refusal);
  useFirstWrong(refusal);
  const keys = { "ctrl+shift+Enter": () => save.mutate({ again: true }) };
  useShortcuts(keys);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    save.mutate({ again: false });
  };
  const sections = { draft, set, errors };
  const hours = Number(draft.hours) || (settings?.hours_before_appointment ?? 24);
  const gap = Boolean(draft.date && draft.time) && skipped(draft.date, draft.time, zone);
  const at = draft.date && draft.time ? instantOf(draft.date, draft.time, zone) : null;

  const call =
    at && settings?.auto_schedule_calls
      ? callAt({ appointment: at, hoursBefore: hours, zone, hours: settings.call_hours, noticeHours: settings.minimum_notice_hours, holiday: (date) => holidayOn(date, business) !== null, preferred: draft.preferred !== "anytime", now: now() })
      : null;

  return (
    <form onSubmit={submit} noValidate key={saved}>
      <PageHeader
        title={`Add ${nouns.one}`}
        above={
          <nav aria-label="Where you are" className={css.crumbs}>
            <Link to="/contacts">{nouns.Many}</Link> <ChevronRight size={14} aria-hidden /> <span>Add</span>
          </nav>
        }
      />
      <div className={css.columns}>
        <div className={css.sections}>
          <Restored shown={restored && dirty} onDiscard={discard} />
          {existing && (
            <Duplicates
              ids={existing}
              draft={draft}
              busy={save.isPending}
              onNew={() => save.mutate({ again: false, asNew: true })}
              onAdded={(contactId) => {
                void client.invalidateQueries({ queryKey: ["contacts"] });
                toast("Appointment added.");
                setDraft(EMPTY);
                setTimeout(() => void navigate({ to: "/contacts/$contactId", params: { contactId } }));
              }}
            />
          )}
          {refusal && refusal.slug !== "duplicate-contact" && (
            <ErrorNote error={refusal} what={refusal.fields.length > 0 ? "Not saved yet: some fields need correcting." : `Not saved. ${refusal.problem.title}.`} />
          )}
          <Who {...sections} focus />
          <When {...sections} />
          <Permission {...sections} medical={medical} />
          <Section title="More">
            <Words {...sections} onMoved={() => setMore(true)} />
            <button type="button" className={css.fold} aria-expanded={more} onClick={() => setMore(!more)}>
              <ChevronDown size={16} aria-hidden className={more ? css.up : undefined} /> Notes, groups, priority and more
            </button>
            {more && (
              <>
                <Notes {...sections} />
                <More {...sections} />
              </>
            )}
          </Section>
          {more && <Industry {...sections} />}
        </div>
        <div className={css.summary}>
          <Panel title="What follows" padded>
            <Facts
              rows={[
                ["Appointment", gap ? "A time that does not exist" : at ? dayAndTime(at, zone, now()) : "None yet"],
                ["Vio calls", at ? (draft.doNotContact ? "Never" : call ? capital(callAtWords(call, zone, now())) : settings?.auto_schedule_calls === false ? "Only when somebody asks" : settings ? "Nobody: too little time is left" : "…") : "Nobody is called"],
                ["Permission", draft.consent ? "Recorded" : medical ? "Not recorded: not called" : "Not recorded"],
              ]}
            />
            {draft.words && (
              <p className={css.said}>
                Vio says: <q>{draft.words}</q>
              </p>
            )}
            {!at && (draft.date || draft.time || draft.words || draft.type || draft.owner || draft.location || draft.hours) && (
              <Hint tone="waiting">Words, type, with, location and hours before belong to an appointment: add its date and time.</Hint>
            )}
            <div className={css.buttons}>
              <Button look="primary" type="submit" wide isPending={save.isPending}>
                Save
              </Button>
              <Button wide isDisabled={save.isPending} onPress={() => save.mutate({ again: true })}>
                Save and add another
              </Button>
            </div>
          </Panel>
        </div>
      </div>
    </form>
  );
}
