import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { Refusal, byField } from "@/api/problem";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import type { Contact } from "../one";
import type { Way } from "./ways";

const MOST: Record<Way, number> = { sms: 918, email: 4000 };

/** Words of one's own to one person, as a text message or an email. */
export function WriteDialog({ contact, way, onClose }: { contact: Contact; way: Way; onClose: () => void }) {
  const client = useQueryClient();
  const [subject, setSubject] = useState("");
  const [message, setMessage] = useState("");
  const params = { path: { contact_id: contact.id } };
  const send = useMutation({
    mutationFn: () =>
      way === "sms"
        ? body(api.POST("/api/contacts/{contact_id}/send-sms", { params, body: { message: message.trim() } }))
        : body(api.POST("/api/contacts/{contact_id}/send-email", { params, body: { subject: subject.trim(), message: message.trim() } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["contacts", contact.id] });
      toast(way === "sms" ? "The message is on its way." : "The email is on its way.");
      onClose();
    },
  });
  const refusal = send.error instanceof Refusal ? send.error : null;
  const errors = byField(refusal);
  const left = MOST[way] - message.length;
  const whole = message.trim() !== "" && (way === "sms" || subject.trim() !== "");
  return (
    <Dialog
      title={way === "sms" ? `Text ${contact.name}` : `Email ${contact.name}`}
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
      {way === "email" && <TextField label="Subject" value={subject} onChange={setSubject} maxLength={150} error={errors.subject} autoFocus isRequired />}
      <TextField
        label="Message"
        rows={way === "sms" ? 4 : 8}
        value={message}
        onChange={setMessage}
        error={left < 0 ? `${-left} characters too many.` : errors.message}
        help={way === "sms" ? "It goes out within your call hours. Nothing about anybody's health." : "An empty line begins a paragraph. Nothing about anybody's health."}
        autoFocus={way === "sms"}
        isRequired
      />
    </Dialog>
  );
}
