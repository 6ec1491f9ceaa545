import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, KeyRound, MailPlus, Pencil, Plus, Trash2, UserCheck, UserX } from "lucide-react";
import { useState } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { useZone } from "@/features/session/business";
import { useTeam } from "@/features/session/team";
import { useMe } from "@/features/session/use";
import { ago } from "@/lib/time";
import { initials } from "@/lib/words";
import { Avatar, Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { SelectField, Switch, TextField } from "@/ui/Field";
import { Menu } from "@/ui/Menu";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { toast } from "@/ui/toast";
import css from "./settings.module.css";

type Member = Schemas["Member"];

const ROLE: Record<string, string> = { client_admin: "Administrator", receptionist: "Receptionist", basic_staff: "Staff", manager: "Manager", read_only: "Can only look" };
const kinds = Object.entries(ROLE).map(([id, name]) => ({ id, name }));
const kindOf = (member: Member): string => member.preset ?? member.role;
const roleOf = (kind: string) => (kind === "client_admin" ? { role: "client_admin", preset: null } : { role: "client_user", preset: kind });

/** What is asked before it is done. */
type Asked = { member: Member; act: "reset" | "deactivate" | "delete" | "withdraw" };

/** Who works here, how they stand, and what to do about it. */
export function Team() {
  const team = useTeam();
  const [adding, setAdding] = useState(false);
  const [editing, setEditing] = useState<Member | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const size = team.data?.size;
  return (
    <>
      <div className={css.head}>
        <h2>Team</h2>
        <Button look="primary" icon={Plus} onPress={() => setAdding(true)}>
          Invite somebody
        </Button>
      </div>
      {size && (
        <p className="muted">
          {size.active} active: {size.admins} administrators, {size.staff} staff. {size.invited > 0 && `${String(size.invited)} invited. `}
          {size.inactive > 0 && `${String(size.inactive)} inactive.`}
        </p>
      )}
      <Panel>
        {team.isPending && <Skeleton rows={3} />}
        {team.isError && <ErrorNote error={team.error} what="Could not load the team." retry={() => void team.refetch()} />}
        <ul className={css.rows}>
          {team.data?.members.map((each) => (
            <Row key={each.id} member={each} onEdit={() => setEditing(each)} onAsk={(act) => setAsked({ member: each, act })} />
          ))}
        </ul>
      </Panel>
      {adding && <AddDialog onClose={() => setAdding(false)} />}
      {editing && <EditDialog member={editing} onClose={() => setEditing(null)} />}
      {asked && <AskDialog asked={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

/** How somebody stands, in a line. */
function Standing({ member }: { member: Member }) {
  const zone = useZone();
  if (member.status === "inactive") return <Badge tone="cancelled">Inactive</Badge>;
  if (member.status === "invited") {
    const over = !member.invited_until || Date.parse(member.invited_until) <= now().getTime();
    return <Badge tone={over ? "attention" : "waiting"}>{!member.invited_until ? "Invitation not sent" : over ? "Invitation is over" : "Invited"}</Badge>;
  }
  return <span className="faint">{member.last_login ? `Here ${ago(new Date(member.last_login), zone, now())}` : "Not yet here"}</span>;
}

function Row({ member, onEdit, onAsk }: { member: Member; onEdit: () => void; onAsk: (act: Asked["act"]) => void }) {
  const me = useMe().id;
  const client = useQueryClient();
  const again = () => void client.invalidateQueries({ queryKey: ["team"] });
  const path = { path: { user_id: member.id } };
  const failed = (error: unknown) => toast(error instanceof Refusal ? error.problem.detail : "Not done.", true);
  const invite = useMutation({ mutationFn: () => api.POST("/api/team/{user_id}/invite", { params: path }), onSuccess: () => toast(`A new invitation is on its way to ${member.full_name}.`), onError: failed, onSettled: again });
  const enter = useMutation({ mutationFn: () => body(api.PATCH("/api/team/{user_id}", { params: path, body: { status: "active" } })), onSuccess: () => toast(`${member.full_name} can sign in again.`), onError: failed, onSettled: again });
  const invited = member.status === "invited";
  const own = member.id === me;
  return (
    <li>
      <Avatar text={initials(member.full_name)} />
      <span className={css.grow}>
        <b>{member.full_name}</b>
        {own && <span className="faint"> (you)</span>}
        <span className="muted code"> {member.email}</span>
        {member.job_title && <span className="faint"> {member.job_title}</span>}
        {member.mail_stopped && <span role="note"> Email does not arrive here{member.mail_stopped === "complained" ? ": it was reported as unwanted" : ""}. Check the address.</span>}
      </span>
      <Badge tone="neutral">{ROLE[kindOf(member)] ?? member.role}</Badge>
      <Standing member={member} />
      <Menu
        label={`Do something about ${member.full_name}`}
        trigger={
          <AriaButton aria-label={`Actions for ${member.full_name}`}>
            <Ellipsis size={18} aria-hidden />
          </AriaButton>
        }
        actions={[
          { id: "edit", name: "Edit", icon: Pencil, run: onEdit },
          invited && { id: "invite", name: "Send the invitation again", icon: MailPlus, run: () => invite.mutate() },
          invited && { id: "withdraw", name: "Withdraw the invitation", icon: Trash2, danger: true, run: () => onAsk("withdraw") },
          member.status === "active" && { id: "reset", name: "Send a link to a new password", icon: KeyRound, run: () => onAsk("reset") },
          member.status === "active" && !own && { id: "deactivate", name: "Deactivate", icon: UserX, run: () => onAsk("deactivate") },
          member.status === "inactive" && { id: "activate", name: "Let in again", icon: UserCheck, run: () => enter.mutate() },
          !invited && !own && { id: "delete", name: "Delete", icon: Trash2, danger: true, run: () => onAsk("delete") },
        ]}
      />
    </li>
  );
}

const WORDS: Record<Asked["act"], { title: string; text: string; button: string; done: (name: string) => string; danger: boolean }> = {
  reset: { title: "Send a link to a new password?", text: "Their present password works until they use the link. It is good for an hour, once.", button: "Send the link", done: (name) => `A link is on its way to ${name}.`, danger: false },
  deactivate: { title: "Deactivate?", text: "They are signed out everywhere at once and cannot sign in until you let them in again. What they did stays.", button: "Deactivate", done: (name) => `${name} cannot sign in any more.`, danger: true },
  delete: { title: "Delete this account?", text: "This cannot be undone. They are signed out everywhere; what they did stays in the audit trail.", button: "Delete", done: (name) => `${name}'s account is deleted.`, danger: true },
  withdraw: { title: "Withdraw the invitation?", text: "The link that was sent stops working at once.", button: "Withdraw", done: () => "The invitation is withdrawn.", danger: true },
};

function AskDialog({ asked: { member, act }, onClose }: { asked: Asked; onClose: () => void }) {
  const client = useQueryClient();
  const words = WORDS[act];
  const params = { path: { user_id: member.id } };
  const run = useMutation({
    mutationFn: async () => {
      if (act === "reset") await api.POST("/api/team/{user_id}/reset-password", { params });
      else if (act === "deactivate") await api.PATCH("/api/team/{user_id}", { params, body: { status: "inactive" } });
      else await api.DELETE("/api/team/{user_id}", { params });
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["team"] });
      toast(words.done(member.full_name));
      onClose();
    },
  });
  return (
    <Dialog
      title={words.title}
      alert
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look={words.danger ? "danger" : "primary"} isPending={run.isPending} onPress={() => run.mutate()}>
            {words.button}
          </Button>
        </>
      }
    >
      {run.isError && <ErrorNote error={run.error} what="Not done." />}
      <p>
        <b>{member.full_name}</b>, {member.email}. {words.text}
      </p>
    </Dialog>
  );
}

function EditDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const client = useQueryClient();
  const own = useMe().id === member.id;
  const [name, setName] = useState(member.full_name);
  const [title, setTitle] = useState(member.job_title ?? "");
  const [kind, setKind] = useState(kindOf(member));
  const save = useMutation({
    mutationFn: () =>
      body(
        api.PATCH("/api/team/{user_id}", {
          params: { path: { user_id: member.id } },
          body: { full_name: name.trim(), job_title: title.trim() || null, ...(kind === kindOf(member) ? {} : roleOf(kind)) },
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
      {refusal && refusal.fields.length === 0 && <ErrorNote error={refusal} what="Not saved." />}
      <TextField label="Name" value={name} onChange={setName} error={errors.full_name} autoFocus isRequired />
      <TextField label="Job title" optional value={title} onChange={setTitle} error={errors.job_title} />
      <SelectField label="What they do" value={kind} options={kinds} onChange={setKind} isDisabled={own} error={errors.preset ?? errors.role} help={own ? "Your own role is for another administrator to change." : undefined} />
    </Dialog>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [title, setTitle] = useState("");
  const [kind, setKind] = useState("receptionist");
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
            ...(kind === "client_admin" ? { role: "client_admin" } : { role: "client_user", preset: kind }),
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
      {refusal && refusal.fields.length === 0 && <ErrorNote error={refusal} what="Not added." />}
      <TextField label="Name" value={name} onChange={setName} error={errors.full_name} autoFocus isRequired />
      <TextField label="Email" type="email" value={email} onChange={setEmail} error={errors.email} isRequired autoComplete="off" />
      <TextField label="Job title" optional value={title} onChange={setTitle} error={errors.job_title} />
      <SelectField label="What they do" value={kind} options={kinds} onChange={setKind} error={errors.preset ?? errors.role} />
      <Switch isSelected={welcome} onChange={setWelcome} help="It holds a link, good for a week, over which they choose a password.">
        Send the invitation by email now
      </Switch>
    </Dialog>
  );
}
