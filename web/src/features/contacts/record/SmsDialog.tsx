import { useMutation, useQueryClient } from "@tanstack/react-query";
import { MessageSquareText } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { useZone } from "@/features/session/business";
import { smsLength } from "@/lib/sms";
import { dayAndTimeWithin } from "@/lib/time";
import { count, number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { ErrorNote, Hint } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import type { Contact } from "../one";
import css from "./SmsDialog.module.css";

/** Six parts of 153: the most that is taken. */
const MOST = 918;

/** One text message, with how many it is sent as while it is typed. */
export function SmsDialog({ contact, onClose }: { contact: Contact; onClose: () => void }) {
  const zone = useZone();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const length = smsLength(text);
  const characters = [...text].length;
  const send = useMutation({
    mutationFn: () => body(api.POST("/api/contacts/{contact_id}/send-sms", { params: { path: { contact_id: contact.id } }, body: { message: text.trim() } })),
    onSuccess: (sent) => {
      const due = new Date(sent.due_at);
      toast(due.getTime() - now().getTime() > 60_000 ? `It goes out ${dayAndTimeWithin(due, zone, now())}: the hours do not allow it before.` : "Text message on its way.");
      void client.invalidateQueries({ queryKey: ["contacts", contact.id] });
      onClose();
    },
  });
  const refusal = send.error instanceof Refusal ? send.error : null;
  const errors = byField(refusal);
  return (
    <Dialog
      title="Write a text message"
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" icon={MessageSquareText} isDisabled={!text.trim() || characters > MOST} isPending={send.isPending} onPress={() => send.mutate()}>
            {length.segments > 1 ? `Send as ${count(length.segments, "text")}` : "Send"}
          </Button>
        </>
      }
    >
      {send.isError && Object.keys(errors).length === 0 && <ErrorNote error={send.error} what={refusal ? `Not sent. ${refusal.problem.title}.` : "Not sent."} />}
      <TextField
        label="Message"
        rows={4}
        value={text}
        onChange={setText}
        autoFocus
        error={errors.message ?? (characters > MOST ? `${count(characters - MOST, "character")} too many.` : undefined)}
        help={
          <span className={css.under}>
            <span>{text ? `${count(length.segments, "text")}, room for ${number(length.left)} more` : "160 characters fit into one text, 70 with an emoji."}</span>
            <span className="num">{`${number(characters)} of ${number(MOST)}`}</span>
          </span>
        }
      />
      {length.wide.length > 0 && length.segments > 1 && (
        <Hint tone="waiting">
          {length.wide.slice(0, 5).join(" ")} {length.wide.length === 1 ? "makes" : "make"} each text hold 70 characters instead of 160.
        </Hint>
      )}
      <p className="muted">No health details: anybody who picks the phone up reads it.</p>
    </Dialog>
  );
}
