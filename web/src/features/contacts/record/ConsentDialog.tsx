import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { useSaid } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { dayAndTimeWithin } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { SelectField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import { WAYS_TO_AGREE } from "../agreed";
import type { Contact } from "../one";

/** Records that somebody agreed to reminder calls, or withdrew that. */
export function ConsentDialog({ contact, onClose }: { contact: Contact; onClose: () => void }) {
  const said = useSaid();
  const client = useQueryClient();
  const zone = useZone();
  const [method, setMethod] = useState("verbal");
  const given = contact.preferences.voice_consent.state === "given";
  const save = useMutation({
    mutationFn: () => body(api.POST("/api/contacts/{contact_id}/consents", { params: { path: { contact_id: contact.id } }, body: given ? { action: "withdrawn" } : { action: "given", method } })),
    onSuccess: (entry) => {
      void client.invalidateQueries({ queryKey: ["contacts"] });
      toast(given ? "Permission withdrawn. Planned calls are taken out." : `Permission recorded.${entry.next_call_at ? ` Vio calls ${dayAndTimeWithin(new Date(entry.next_call_at), zone, now())}.` : ""}`);
      onClose();
    },
  });
  return (
    <Dialog
      title={given ? "Withdraw permission for calls?" : "Record permission for calls"}
      alert={given}
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{given ? "Keep it" : "Cancel"}</Button>
          <Button look={given ? "danger" : "primary"} isPending={save.isPending} onPress={() => save.mutate()}>
            {given ? "Withdraw" : "Record"}
          </Button>
        </>
      }
    >
      {save.isError && <ErrorNote error={save.error} what="Nothing was changed." />}
      {given ? (
        <p>Vio stops calling {said.name(contact.name)} at once. You can record permission again when they give it.</p>
      ) : (
        <SelectField
          label="How they agreed"
          value={method}
          options={WAYS_TO_AGREE}
          onChange={setMethod}
        />
      )}
    </Dialog>
  );
}
