import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { Refusal, byField } from "@/api/problem";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox, TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import type { EventType, Webhook } from "./Developers";
import css from "./settings.module.css";

/** Adds an address, or changes one. */
export function WebhookDialog({ webhook, choice, onClose, onSaved, onSecret }: { webhook?: Webhook; choice: EventType[]; onClose: () => void; onSaved: () => void; onSecret: (secret: string) => void }) {
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [description, setDescription] = useState(webhook?.description ?? "");
  const [events, setEvents] = useState<string[]>(webhook?.events ?? []);
  const fields = { url: url.trim(), description: description.trim() || null, events };
  const save = useMutation({
    mutationFn: async () => {
      if (!webhook) return (await body(api.POST("/api/outgoing-webhooks", { body: fields }))).secret;
      const params = { path: { outgoing_webhook_id: webhook.id }, header: { "If-Match": `"${webhook.version}"` } };
      await body(api.PATCH("/api/outgoing-webhooks/{outgoing_webhook_id}", { params, body: fields }));
      return "";
    },
    onSuccess: (secret) => {
      onSaved();
      if (secret) onSecret(secret);
      else onClose();
    },
  });
  const refusal = save.error instanceof Refusal ? save.error : null;
  const errors = byField(refusal);
  const shown = errors.url ?? errors.description;
  const choose = (type: string, on: boolean) => setEvents((before) => (on ? [...before, type] : before.filter((each) => each !== type)));
  return (
    <Dialog
      title={webhook ? "Edit the address" : "Add an address"}
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={!fields.url || events.length === 0} isPending={save.isPending} onPress={() => save.mutate()}>
            {webhook ? "Save" : "Add and show the secret"}
          </Button>
        </>
      }
    >
      {save.error && !shown && <ErrorNote error={save.error} what={refusal?.status === 412 ? "A colleague changed it a moment ago. Close this and open it again." : "Not saved."} />}
      <TextField label="Address" type="url" value={url} onChange={setUrl} error={errors.url} isRequired autoFocus autoComplete="off" placeholder="https://example.com/hooks" help="Reached from the public internet, over https." />
      <TextField label="What it is for" optional value={description} onChange={setDescription} error={errors.description} autoComplete="off" />
      <fieldset className={css.types}>
        <legend>Tell it of</legend>
        {choice.map((each) => (
          <Checkbox key={each.type} isSelected={events.includes(each.type)} onChange={(on) => choose(each.type, on)}>
            <span>
              <span className="code">{each.type}</span> <span className="muted">{each.description}</span>
            </span>
          </Checkbox>
        ))}
      </fieldset>
    </Dialog>
  );
}
