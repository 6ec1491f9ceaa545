import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { Refusal, byField } from "@/api/problem";
import { useSaid } from "@/features/preferences/hidden";
import { count } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import type { Contact } from "../one";

const MOST = 4000;

/** Words of one's own to one person, as an email. */
export function EmailDialog({ contact, onClose }: { contact: Contact; onClose: () => void }) {
  const said = useSaid();
  const client = useQueryClient();
  const [subject, setSubject] = useState("");
  const [message, setMessage] = useState("");
  const params = { path: { contact_id: contact.id } };
  const send = useMutation({
    mutationFn: () => body(api.POST("/api/contacts/{contact_id}/send-email", { params, body: { subject: subject.trim(), message: message.trim() } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["contacts", contact.id] });
      toast("The email is on its way.");
      onClose();
    },
  });
  const refusal = send.error instanceof Refusal ? send.error : null;
  const errors = byField(refusal);
  const left = MOST - message.length;
  const whole = message.trim() !== "" && subject.trim() !== "";
  return (
    <Dialog
      title={`Email ${said.name(contact.name)}`}
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={!whole || left < 0} isPending={send.isPending} onPress={() => send.mutate()}>
            Send
          </Button>
        </>
      }
    >
      {send.isError && !(refusal && refusal.fields.length > 0) && <ErrorNote error={send.error} what="Not sent. Your text is still here." />}
      <TextField label="Subject" value={subject} onChange={setSubject} maxLength={150} error={errors.subject} autoFocus isRequired />
      <TextField
        label="Message"
        rows={8}
        value={message}
        onChange={setMessage}
        error={left < 0 ? `${count(-left, "character")} too many.` : errors.message}
        help="An empty line begins a paragraph. Nothing about anybody's health."
        isRequired
      />
    </Dialog>
  );
}
