import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, KeyRound, MailPlus, Pencil, Plus, Search, Trash2, UserCheck, UserX } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { useTeam } from "@/features/session/team";
import { useMe } from "@/features/session/use";
import { agoWithin } from "@/lib/time";
import { count, initials } from "@/lib/words";
import { Avatar, Badge } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import { SelectField, TextField } from "@/ui/Field";
import { Menu } from "@/ui/Menu";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { toast } from "@/ui/toast";
import { ORDERS, ROLE, STANDINGS, chosen, kindOf, kinds, type Member } from "./members";
import { AskDialog, type Asked } from "./TeamAsk";
import { AddDialog, EditDialog } from "./TeamForms";
import css from "./settings.module.css";

/** Who works here, how they stand, and what to do about it. */
export function Team() {
  const team = useTeam();
  const [adding, setAdding] = useState(false);
  const [editing, setEditing] = useState<Member | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [wanted, setWanted] = useState({ words: "", kind: "all", standing: "all", order: "joined" });
  const size = team.data?.size;
  const members = team.data?.members ?? [];
  const shown = chosen(members, wanted);
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
          {size.active} active: {count(size.admins, "administrator")}, {size.staff} staff. {size.invited > 0 && `${String(size.invited)} invited. `}
          {size.inactive > 0 && `${String(size.inactive)} inactive.`}
        </p>
      )}
      {members.length > 1 && (
        <div className={css.tools}>
          <TextField bare label="Search the team" type="search" placeholder="Name, email, job title" value={wanted.words} onChange={(words) => setWanted({ ...wanted, words })} leading={<Search size={16} aria-hidden />} autoComplete="off" />
          <SelectField bare label="Role" value={wanted.kind} options={[{ id: "all", name: "Every role" }, ...kinds]} onChange={(kind) => setWanted({ ...wanted, kind })} />
          <SelectField bare label="Standing" value={wanted.standing} options={STANDINGS} onChange={(standing) => setWanted({ ...wanted, standing })} />
          <SelectField bare label="Order" value={wanted.order} options={ORDERS} onChange={(order) => setWanted({ ...wanted, order })} />
        </div>
      )}
      <Panel>
        {team.isPending && <Skeleton rows={3} />}
        {team.isError && <ErrorNote error={team.error} what="Could not load the team." retry={() => void team.refetch()} />}
        {team.data && shown.length === 0 && <Empty title="Nobody of the team is like that" action={<Button onPress={() => setWanted({ ...wanted, words: "", kind: "all", standing: "all" })}>Show everybody</Button>} />}
        <ul className={css.people}>
          {shown.map((each) => (
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
  return <span className="faint">{member.last_login ? `Signed in ${agoWithin(new Date(member.last_login), zone, now())}` : "Never signed in"}</span>;
}

function Row({ member, onEdit, onAsk }: { member: Member; onEdit: () => void; onAsk: (act: Asked["act"]) => void }) {
  const me = useMe().id;
  const client = useQueryClient();
  const again = () => void client.invalidateQueries({ queryKey: ["team"] });
  const path = { path: { user_id: member.id } };
  const invite = useMutation({ mutationFn: () => api.POST("/api/team/{user_id}/invite", { params: path }), onSuccess: () => toast(`A new invitation is on its way to ${member.full_name}.`), onSettled: again });
  const enter = useMutation({ mutationFn: () => body(api.PATCH("/api/team/{user_id}", { params: path, body: { status: "active" } })), onSuccess: () => toast(`${member.full_name} can sign in again.`), onSettled: again });
  const failed = [invite, enter].find((each) => each.error);
  const invited = member.status === "invited";
  const own = member.id === me;
  const single = (member.permission_changes.add?.length ?? 0) + (member.permission_changes.remove?.length ?? 0);
  return (
    <li>
      <Avatar text={initials(member.full_name)} />
      <span className={css.who}>
        <span>
          <b>{member.full_name}</b>
          {own && <span className="faint"> (you)</span>}
          {member.job_title && <span className="faint">, {member.job_title}</span>}
        </span>
        <span className="muted">{member.email}</span>
        {member.mail_stopped && <span role="note"> Email does not arrive here{member.mail_stopped === "complained" ? ": it was reported as unwanted" : ""}. Check the address.</span>}
      </span>
      <Badge tone="neutral">{`${ROLE[kindOf(member)] ?? member.role}${single > 0 ? ", changed" : ""}`}</Badge>
      <span className={css.standing}>
        <Standing member={member} />
      </span>
      <Menu
        label={`Do something about ${member.full_name}`}
        trigger={<IconButton icon={Ellipsis} label={`Actions for ${member.full_name}`} />}
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
      {failed && (
        <div className={css.refused}>
          <ErrorNote error={failed.error} what={failed === invite ? "No invitation was sent." : "Not let in."} onClose={failed.reset} />
        </div>
      )}
    </li>
  );
}
