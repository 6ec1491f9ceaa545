import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { useSaid } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { dayAndTimeWithin } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import { When, Words } from "../form/Sections";
import { EMPTY, draftOf, type Draft } from "../form/draft";
import type { Contact } from "../one";

/** A new appointment, or a new time for the present one. */
export function AppointmentDialog({ contact, move = false, onClose }: { contact: Contact; move?: boolean; onClose: () => void }) {
  const said = useSaid();
  const client = useQueryClient();
  const zone = useZone();
  const [draft, setDraft] = useState<Draft>(() => (move ? draftOf(contact) : { ...EMPTY, location: contact.location_id ?? "", owner: contact.owner_name ?? "" }));
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }));
  // A move is by the clock of the record, as the form is filled in.
  const inZone = move ? contact.timezone : zone;
  const fields = {
    appointment_time: `${draft.date}T${draft.time}`,
    timezone: inZone,
    ...(draft.duration && { appointment_duration: Number(draft.duration) }),
    ...(draft.type && { appointment_type: draft.type }),
    ...(draft.owner.trim() && { owner_name: draft.owner.trim() }),
    ...(draft.location && { location_id: draft.location }),
    ...(draft.words.trim() && { special_instructions: draft.words.trim() }),
  };
  const save = useMutation({
    mutationFn: () =>
      move && contact.appointment_id
        ? body(api.PATCH("/api/appointments/{appointment_id}", { params: { path: { appointment_id: contact.appointment_id } }, body: fields }))
        : body(api.POST("/api/contacts/{contact_id}/appointments", { params: { path: { contact_id: contact.id } }, body: fields })),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ["contacts"] });
      void client.invalidateQueries({ queryKey: ["attention"] });
      toast(`${move ? "Moved" : "Appointment added"}.${made.next_call_at ? ` Vio calls ${dayAndTimeWithin(new Date(made.next_call_at), zone, now())}.` : ""}`);
      for (const warning of made.warnings ?? []) toast(warning.detail);
      onClose();
    },
  });
  const refusal = save.error instanceof Refusal ? save.error : null;
  return (
    <Dialog
      title={move ? `Move the appointment of ${said.name(contact.name)}` : `New appointment for ${said.name(contact.name)}`}
      kind="wide"
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={!draft.date || !draft.time} isPending={save.isPending} onPress={() => save.mutate()}>
            {move ? "Move" : "Add appointment"}
          </Button>
        </>
      }
    >
      {refusal && <ErrorNote error={refusal} what={refusal.fields.length > 0 ? "Not saved yet." : `Not saved. ${refusal.problem.title}.`} />}
      <When zone={inZone} draft={draft} set={set} errors={byField(refusal)} />
      {!move && <Words draft={draft} set={set} errors={byField(refusal)} />}
    </Dialog>
  );
}
