import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { useZone } from "@/features/session/business";
import { useTeam } from "@/features/session/team";
import { ago } from "@/lib/time";
import { initials } from "@/lib/words";
import { Avatar, Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { SelectField, TextField } from "@/ui/Field";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { toast } from "@/ui/toast";
import css from "./settings.module.css";

const ROLE: Record<string, string> = { client_admin: "Administrator", receptionist: "Receptionist", basic_staff: "Staff", manager: "Manager", read_only: "Can only look" };

/** Who works here and what they may do. */
export function Team() {
  const team = useTeam();
  const zone = useZone();
  const [adding, setAdding] = useState(false);
  return (
    <>
      <div className={css.head}>
        <h2>Team</h2>
        <Button look="primary" icon={Plus} onPress={() => setAdding(true)}>
          Add somebody
        </Button>
      </div>
      <Panel>
        {team.isPending && <Skeleton rows={3} />}
        {team.isError && <ErrorNote error={team.error} what="Could not load the team." retry={() => void team.refetch()} />}
        <ul className={css.rows}>
          {team.data?.members.map((each) => (
            <li key={each.id}>
              <Avatar text={initials(each.full_name)} />
              <span className={css.grow}>
                <b>{each.full_name}</b>
                <span className="muted code"> {each.email}</span>
              </span>
              {each.email_stopped && <Badge tone="attention">{each.email_stopped === "bounced" ? "Emails come back" : "Wants no emails"}</Badge>}
              <Badge tone="neutral">{ROLE[each.preset ?? each.role] ?? each.role}</Badge>
              <span className="faint">{each.status === "inactive" ? "Inactive" : each.last_login ? `Here ${ago(new Date(each.last_login), zone, now())}` : "Not yet here"}</span>
            </li>
          ))}
        </ul>
      </Panel>
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [kind, setKind] = useState("receptionist");
  const add = useMutation({
    mutationFn: () => body(api.POST("/api/team", { body: { full_name: name.trim(), email: email.trim(), password, ...(kind === "client_admin" ? { role: "client_admin" } : { role: "client_user", preset: kind }) } })),
    onSuccess: (member) => {
      void client.invalidateQueries({ queryKey: ["team"] });
      toast(`${member.full_name} can sign in now.`);
      onClose();
    },
  });
  const refusal = add.error instanceof Refusal ? add.error : null;
  const errors = byField(refusal);
  return (
    <Dialog
      title="Add somebody to the team"
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={!name.trim() || !email.trim() || !password} isPending={add.isPending} onPress={() => add.mutate()}>
            Add
          </Button>
        </>
      }
    >
      {refusal && refusal.fields.length === 0 && <ErrorNote error={refusal} what="Not added." />}
      <TextField label="Name" value={name} onChange={setName} error={errors.full_name} autoFocus isRequired />
      <TextField label="Email" type="email" value={email} onChange={setEmail} error={errors.email} isRequired autoComplete="off" />
      <SelectField label="What they do" value={kind} options={Object.entries(ROLE).map(([id, each]) => ({ id, name: each }))} onChange={setKind} error={errors.preset ?? errors.role} />
      <TextField label="First password" type="password" value={password} onChange={setPassword} error={errors.password} autoComplete="new-password" help="Give it to them in person; they change it under Your account." isRequired />
    </Dialog>
  );
}
