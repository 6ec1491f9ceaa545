import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, body } from "@/api/client";
import { Refusal, byField } from "@/api/problem";
import { useNouns } from "@/features/session/business";
import { useTeam } from "@/features/session/team";
import { count } from "@/lib/words";
import { Swatch } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox, SelectField, TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import { cx } from "@/ui/cx";
import { toast } from "@/ui/toast";
import { FirstMembers } from "./FirstMembers";
import css from "./GroupsPage.module.css";
import type { Group } from "./queries";

export const COLORS = [
  ["#EF4444", "Red"],
  ["#F59E0B", "Orange"],
  ["#10B981", "Green"],
  ["#3B82F6", "Blue"],
  ["#8B5CF6", "Purple"],
  ["#6B7280", "Grey"],
  ["#EC4899", "Pink"],
  ["#14B8A6", "Teal"],
] as const;

/** The set that a group's icon is of (S2 `group_icons`), each with its word. */
const ICONS = [
  ["🏥", "Hospital"],
  ["👨‍⚕️", "Doctor"],
  ["💊", "Medicine"],
  ["🩺", "Stethoscope"],
  ["💅", "Nails"],
  ["✂️", "Scissors"],
  ["💄", "Lipstick"],
  ["🧴", "Lotion"],
  ["💆", "Massage"],
  ["🍽️", "Table"],
  ["🍷", "Wine"],
  ["🎂", "Cake"],
  ["👨‍🍳", "Cook"],
  ["🥂", "Glasses"],
  ["💼", "Briefcase"],
  ["📊", "Figures"],
  ["📈", "Growth"],
  ["🤝", "Handshake"],
  ["💡", "Idea"],
  ["⭐", "Star"],
  ["👥", "People"],
  ["📋", "List"],
  ["🎯", "Target"],
  ["🔔", "Bell"],
] as const;

/** A new group, or an old one's name, look and who sees it. */
export function GroupDialog({ group, onClose }: { group?: Group; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const nouns = useNouns();
  const team = useTeam().data?.members ?? [];
  const [name, setName] = useState(group?.name ?? "");
  const [description, setDescription] = useState(group?.description ?? "");
  const [color, setColor] = useState(group?.color ?? "#3B82F6");
  const [icon, setIcon] = useState(group?.icon ?? "");
  const [visible, setVisible] = useState(group?.visibility ?? "all_staff");
  const [people, setPeople] = useState(group?.visible_to ?? []);
  const [members, setMembers] = useState<ReadonlyMap<string, string>>(new Map());
  const fields = { name: name.trim(), description: description.trim() || null, ...(color !== group?.color && { color }), ...(icon !== (group?.icon ?? "") && { icon: icon || null }), visibility: visible, ...(visible === "custom" && { visible_to: people }) };
  const save = useMutation({
    mutationFn: () => (group ? body(api.PATCH("/api/groups/{group_id}", { params: { path: { group_id: group.id } }, body: fields })) : body(api.POST("/api/groups", { body: { ...fields, ...(members.size > 0 && { initial_contact_ids: [...members.keys()] }) } }))),
    onSuccess: (saved) => {
      void client.invalidateQueries({ queryKey: ["groups"] });
      if (members.size > 0) void client.invalidateQueries({ queryKey: ["contacts"] });
      toast(group ? "Saved." : saved.job_id ? `Group made. Its ${nouns.many} come in under background work.` : "Group made.");
      onClose();
      if (!group) void navigate({ to: "/groups/$groupId", params: { groupId: saved.id } });
    },
  });
  const refusal = save.error instanceof Refusal ? save.error : null;
  const errors = byField(refusal);
  return (
    <Dialog
      title={group ? "Edit group" : "New group"}
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={!name.trim()} isPending={save.isPending} onPress={() => save.mutate()}>
            {group ? "Save" : members.size > 0 ? `Make group with ${count(members.size, nouns.one, nouns.many)}` : "Make group"}
          </Button>
        </>
      }
    >
      {refusal && refusal.fields.length === 0 && <ErrorNote error={refusal} what="Not saved." />}
      <TextField label="Name" value={name} onChange={setName} maxLength={50} error={errors.name} autoFocus isRequired />
      <TextField label="Description" optional rows={2} value={description} onChange={setDescription} maxLength={255} error={errors.description} />
      <div role="group" aria-label="Colour">
        <p className={css.label}>Colour</p>
        <div className={css.colors}>
          {COLORS.map(([hex, word]) => (
            <button key={hex} type="button" aria-pressed={color === hex} className={cx(css.color, color === hex && css.picked)} onClick={() => setColor(hex)}>
              <Swatch color={hex} size={12} /> {word}
            </button>
          ))}
        </div>
      </div>
      <SelectField label="Icon" optional value={icon || "none"} options={[{ id: "none", name: "None" }, ...ICONS.map(([sign, word]) => ({ id: sign, name: `${sign} ${word}` }))]} onChange={(each) => setIcon(each === "none" ? "" : each)} error={errors.icon} />
      {!group && <FirstMembers chosen={members} onChange={setMembers} />}
      <SelectField
        label="Who sees it"
        value={visible}
        options={[
          { id: "all_staff", name: "Everyone" },
          { id: "admins_only", name: "Administrators" },
          ...(team.length > 0 ? [{ id: "custom", name: "Some people, and administrators" }] : []),
        ]}
        onChange={setVisible}
        error={errors.visibility}
      />
      {visible === "custom" && (
        <div role="group" aria-label="Who sees it">
          {team
            .filter((each) => each.role === "client_user" && each.status === "active")
            .map((each) => (
              <div key={each.id}>
                <Checkbox isSelected={people.includes(each.id)} onChange={(on) => setPeople(on ? [...people, each.id] : people.filter((id) => id !== each.id))}>
                  {each.full_name}
                </Checkbox>
              </div>
            ))}
        </div>
      )}
    </Dialog>
  );
}
