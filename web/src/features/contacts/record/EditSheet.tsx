import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, versioned } from "@/api/client";
import { Refusal, byField } from "@/api/problem";
import { Restored } from "@/features/session/Restored";
import { useNouns } from "@/features/session/business";
import { useKept } from "@/features/session/useKept";
import { useFirstWrong } from "@/lib/useFirstWrong";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Switch } from "@/ui/Field";
import { ErrorNote, Hint } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import { Industry, More, Notes, Section, When, Who, Words } from "../form/Sections";
import { changesOf, clashes, draftOf, merge, type Clash, type Draft } from "../form/draft";
import type { Contact } from "../one";
import { Conflict } from "./Conflict";
import { useLastChange } from "./lastChange";

interface Base {
  draft: Draft;
  etag: string;
  timezone: string;
}

function beginning(contact: Contact, etag: string): { base: Base; draft: Draft } {
  const draft = draftOf(contact);
  return { base: { draft, etag, timezone: contact.timezone }, draft };
}

/** The name under which a half-filled edit is kept over a reload. */
export const editForm = (contactId: string): string => `edit.${contactId}`;

/** The whole record to edit. Saving sends what was changed; where somebody else changed it meanwhile, both are shown. */
export function EditSheet({ contact, etag, onClose }: { contact: Contact; etag: string; onClose: () => void }) {
  const nouns = useNouns();
  const client = useQueryClient();
  // What the form began with: not what the page shows by now.
  const { value: form, set: setForm, restored, discard } = useKept(editForm(contact.id), beginning(contact, etag));
  const { base, draft } = form;
  const setDraft = (draft: Draft) => setForm((before) => ({ ...before, draft }));
  const setBase = (base: Base) => setForm((before) => ({ ...before, base }));
  const [conflict, setConflict] = useState<{ theirs: Draft; clashes: Clash[]; etag: string } | null>(null);
  const [merged, setMerged] = useState(false);
  const change = useLastChange(contact.id, conflict?.etag ?? (merged ? base.etag : null), conflict?.clashes.map((each) => each.key));
  const set = (change: Partial<Draft>) => setForm((before) => ({ ...before, draft: { ...before.draft, ...change } }));

  const save = useMutation({
    mutationFn: async () => {
      const changes = changesOf(base.draft, draft, base.timezone);
      if (Object.keys(changes).length === 0) return null;
      return versioned(api.PATCH("/api/contacts/{contact_id}", { params: { path: { contact_id: contact.id }, header: { "If-Match": base.etag } }, body: changes }));
    },
    onSuccess: (answer) => {
      if (answer) {
        toast("Saved.");
        for (const warning of answer.value.warnings ?? []) toast(warning.detail);
      }
      void client.invalidateQueries({ queryKey: ["contacts"] });
      onClose();
    },
    onError: async (error) => {
      if (!(error instanceof Refusal && error.status === 412)) return;
      const fresh = await versioned(api.GET("/api/contacts/{contact_id}", { params: { path: { contact_id: contact.id } } }));
      const theirs = draftOf(fresh.value);
      const found = clashes(base.draft, draft, theirs);
      if (found.length === 0) {
        setDraft(merge(base.draft, draft, theirs, new Set()));
        setBase({ draft: theirs, etag: fresh.etag, timezone: fresh.value.timezone });
        setMerged(true);
      } else setConflict({ theirs, clashes: found, etag: fresh.etag });
    },
  });
  const refusal = save.error instanceof Refusal && save.error.status !== 412 ? save.error : null;
  const errors = byField(refusal);
  useFirstWrong(refusal);
  const sections = { draft, set, errors };
  const changed = Object.keys(changesOf(base.draft, draft, base.timezone)).length;

  if (conflict) {
    return (
      <Conflict
        clashes={conflict.clashes}
        change={change}
        industry={draft.industry}
        onClose={() => setConflict(null)}
        onKeep={(keep) => {
          setDraft(merge(base.draft, draft, conflict.theirs, keep));
          setBase({ draft: conflict.theirs, etag: conflict.etag, timezone: base.timezone });
          setConflict(null);
          setMerged(true);
        }}
      />
    );
  }
  return (
    <Dialog
      title={`Edit ${nouns.one}`}
      kind="wide"
      open
      dismissable={changed === 0}
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{changed > 0 ? "Leave without saving" : "Close"}</Button>
          <Button look="primary" isDisabled={changed === 0} isPending={save.isPending} onPress={() => save.mutate()}>
            Save
          </Button>
        </>
      }
    >
      <Restored shown={restored && changed > 0} onDiscard={discard} />
      {merged && <Hint tone="moved">{`${change.who} changed this record ${change.when}${change.own ? ", in another window" : ""}. ${change.own ? "What you saved there is" : "Their changes are"} in the form now, with yours. Look it over, then save.`}</Hint>}
      {refusal && <ErrorNote error={refusal} what={refusal.fields.length > 0 ? "Not saved yet: some fields need correcting." : `Not saved. ${refusal.problem.title}.`} />}
      <Who {...sections} />
      {contact.appointment_time && <When {...sections} zone={base.timezone} />}
      <Section title="More">
        <Words {...sections} onMoved={() => undefined} />
        <Notes {...sections} />
        <More {...sections} />
        <Switch isSelected={draft.doNotContact} onChange={(doNotContact) => set({ doNotContact })} help="No channel is used, whatever else is set.">
          Do not contact
        </Switch>
      </Section>
      <Industry {...sections} saved={base.draft} />
    </Dialog>
  );
}
