import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { Refusal, byField } from "@/api/problem";
import { useMe } from "@/features/session/use";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Switch, TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import { MemberRights, rightsBody, rightsOf } from "./MemberRights";
import { kindOf, roleOf, type Member } from "./members";

export function EditDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const client = useQueryClient();
  const own = useMe().id === member.id;
  const [name, setName] = useState(member.full_name);
  const [title, setTitle] = useState(member.job_title ?? "");
  const [before] = useState(() => rightsOf(kindOf(member), member.permission_changes, member.industries));
  const [rights, setRights] = useState(before);
  const save = useMutation({
    mutationFn: () =>
      body(
        api.PATCH("/api/team/{user_id}", {
          params: { path: { user_id: member.id } },
          body: {
            full_name: name.trim(),
            job_title: title.trim() || null,
            // One's own are not sent: they are for somebody else to change.
            ...(!own && rights !== before && { ...(rights.kind !== before.kind && roleOf(rights.kind)), ...rightsBody(rights) }),
          },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["team"] });
      toast("Saved.");
      onClose();
    },
  });
  const refusal = save.error instanceof Refusal ? save.error : null;
  const errors = byField(refusal);
  return (
    <Dialog
      title={`Edit ${member.full_name}`}
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={!name.trim()} isPending={save.isPending} onPress={() => save.mutate()}>
            Save
          </Button>
        </>
      }
    >
      {save.error && !(refusal && refusal.fields.length > 0) && <ErrorNote error={save.error} what="Not saved." />}
      <TextField label="Name" value={name} onChange={setName} error={errors.full_name} autoFocus isRequired />
      <TextField label="Job title" optional value={title} onChange={setTitle} error={errors.job_title} />
      <MemberRights rights={rights} onChange={setRights} isDisabled={own} errors={errors} />
    </Dialog>
  );
}

export function AddDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [title, setTitle] = useState("");
  const [rights, setRights] = useState(() => rightsOf("receptionist"));
  const [welcome, setWelcome] = useState(true);
  const add = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/team", {
          body: {
            full_name: name.trim(),
            email: email.trim(),
            send_welcome_email: welcome,
            ...(title.trim() && { job_title: title.trim() }),
            ...(rights.kind === "client_admin" ? { role: "client_admin" } : { role: "client_user", preset: rights.kind }),
            ...rightsBody(rights),
          },
        }),
      ),
    onSuccess: (member) => {
      void client.invalidateQueries({ queryKey: ["team"] });
      toast(welcome ? `An invitation is on its way to ${member.full_name}.` : `${member.full_name} is in the list. Send the invitation when it is time.`);
      onClose();
    },
  });
  const refusal = add.error instanceof Refusal ? add.error : null;
  const errors = byField(refusal);
  return (
    <Dialog
      title="Invite somebody to the team"
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={!name.trim() || !email.trim()} isPending={add.isPending} onPress={() => add.mutate()}>
            {welcome ? "Send the invitation" : "Add"}
          </Button>
        </>
      }
    >
      {add.error && !(refusal && refusal.fields.length > 0) && <ErrorNote error={add.error} what="Not added." />}
      <TextField label="Name" value={name} onChange={setName} error={errors.full_name} autoFocus isRequired />
      <TextField label="Email" type="email" value={email} onChange={setEmail} error={errors.email} isRequired autoComplete="off" />
      <TextField label="Job title" optional value={title} onChange={setTitle} error={errors.job_title} />
      <MemberRights rights={rights} onChange={setRights} errors={errors} />
      <Switch isSelected={welcome} onChange={setWelcome} help="It holds a link, good for a week, over which they choose a password.">
        Send the invitation by email now
      </Switch>
    </Dialog>
  );
}
