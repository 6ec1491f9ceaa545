import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "@/api/client";
import { useNouns } from "@/features/session/business";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import type { Contact } from "../one";

export function DeleteDialog({ contact, etag, onClose }: { contact: Contact; etag: string; onClose: () => void }) {
  const nouns = useNouns();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/contacts/{contact_id}", { params: { path: { contact_id: contact.id }, header: { "If-Match": etag } } }),
    onSuccess: async () => {
      toast(`${nouns.One} deleted. Can be brought back for 30 days.`);
      await navigate({ to: "/contacts" });
      client.removeQueries({ queryKey: ["contacts", contact.id] });
      void client.invalidateQueries({ queryKey: ["contacts"] });
    },
  });
  return (
    <Dialog
      title={`Delete this ${nouns.one}?`}
      alert
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Keep</Button>
          <Button look="danger" isDisabled={typed !== "DELETE"} isPending={remove.isPending} onPress={() => remove.mutate()}>
            Delete
          </Button>
        </>
      }
    >
      {remove.isError && <ErrorNote error={remove.error} what="Nothing was deleted." />}
      <p>Planned calls are taken out. The record can be brought back for 30 days, at this same address.</p>
      <TextField label="Type DELETE to confirm" value={typed} onChange={setTyped} autoComplete="off" autoFocus />
    </Dialog>
  );
}
