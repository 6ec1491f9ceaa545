import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { Refusal } from "@/api/problem";
import { useSaid } from "@/features/preferences/hidden";
import { useGroups } from "@/features/groups/queries";
import { useMay } from "@/features/session/use";
import { GroupMark } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox, TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import type { Contact } from "../one";
import css from "./GroupsDialog.module.css";

/** The groups of one person, edited in one place; a new group can be made on the way. */
export function GroupsDialog({ contact, etag, onClose }: { contact: Contact; etag: string; onClose: () => void }) {
  const said = useSaid();
  const client = useQueryClient();
  const may = useMay();
  const groups = useGroups().data?.groups ?? [];
  const [chosen, setChosen] = useState(contact.group_ids);
  const [name, setName] = useState("");
  const save = useMutation({
    mutationFn: () => body(api.PATCH("/api/contacts/{contact_id}", { params: { path: { contact_id: contact.id }, header: { "If-Match": etag } }, body: { group_ids: chosen } })),
    onSuccess: () => {
      toast("Groups saved.");
      onClose();
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["contacts"] });
      void client.invalidateQueries({ queryKey: ["groups"] });
    },
  });
  const make = useMutation({
    mutationFn: () => body(api.POST("/api/groups", { body: { name: name.trim() } })),
    onSuccess: async (group) => {
      setName("");
      await client.invalidateQueries({ queryKey: ["groups"] });
      setChosen((before) => [...before, group.id]);
    },
  });
  const refusal = make.error instanceof Refusal ? make.error : null;
  return (
    <Dialog
      title={`Groups of ${said.name(contact.name)}`}
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isPending={save.isPending} onPress={() => save.mutate()}>
            Save
          </Button>
        </>
      }
    >
      {save.isError && <ErrorNote error={save.error} what="Nothing was changed." />}
      <div className={css.list}>
        {groups.map((each) => (
          <Checkbox key={each.id} isSelected={chosen.includes(each.id)} onChange={(on) => setChosen(on ? [...chosen, each.id] : chosen.filter((id) => id !== each.id))}>
            <span className={css.group}>
              <GroupMark {...each} /> <bdi>{each.name}</bdi>
            </span>
          </Checkbox>
        ))}
      </div>
      {may("manage_business_settings") && (
        <form
          className={css.make}
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim()) make.mutate();
          }}
        >
          <TextField label="New group" value={name} onChange={setName} maxLength={50} error={refusal ? (refusal.fields[0]?.detail ?? refusal.detail) : undefined} />
          <Button type="submit" icon={Plus} isDisabled={!name.trim()} isPending={make.isPending}>
            Make
          </Button>
        </form>
      )}
    </Dialog>
  );
}
