import { CircleCheck, CircleMinus } from "lucide-react";
import { useEffect, useState } from "react";
import type { Schemas } from "@/api/client";
import { Refusal } from "@/api/problem";
import { Name } from "@/features/preferences/hidden";
import { useGroups } from "@/features/groups/queries";
import { useAppointmentTypes, useNouns } from "@/features/session/business";
import { useColleagues } from "@/features/session/team";
import { count, joined, number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox, SelectField, TextField } from "@/ui/Field";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { GroupMark } from "@/ui/Badge";
import css from "./BulkDialog.module.css";
import { setLast, useBulk, type Operation } from "./bulk";
import { STATUS, STATUSES, type AppointmentStatus } from "./status";

export type BulkKind = "status" | "groups" | "edit" | "delete";

interface Props {
  kind: BulkKind;
  selection: Schemas["BulkSelection"];
  size: number;
  onClose: () => void;
  onDone: () => void;
}

const FIELDS = ["assigned_to", "priority", "call_before_hours", "appointment_type", "appointment_duration", "owner_name", "special_instructions"] as const;
type FieldName = (typeof FIELDS)[number];

const FIELD: Record<FieldName, string> = {
  assigned_to: "Assigned to",
  priority: "Priority",
  call_before_hours: "Hours before the appointment",
  appointment_type: "Appointment type",
  appointment_duration: "Duration",
  owner_name: "With",
  special_instructions: "Said on the call",
};

/** A change of many: what, then what it would do to whom, then doing it. */
export function BulkDialog({ kind, selection, size, onClose, onDone }: Props) {
  const nouns = useNouns();
  const { preview, run } = useBulk();
  const groups = useGroups().data?.groups ?? [];
  const colleagues = useColleagues();
  const types = useAppointmentTypes().data ?? [];
  const [status, setStatus] = useState<AppointmentStatus>("confirmed");
  const [reason, setReason] = useState("");
  const [way, setWay] = useState<"add_to_groups" | "remove_from_groups" | "replace_all_groups">("add_to_groups");
  const [chosen, setChosen] = useState<string[]>([]);
  const [field, setField] = useState<FieldName>("assigned_to");
  const [value, setValue] = useState("");
  const [typed, setTyped] = useState("");
  const [operation, setOperation] = useState<Operation | null>(null);

  const names = joined(groups.filter((each) => chosen.includes(each.id)).map((each) => each.name));
  const done: Record<BulkKind, string> = {
    status: `set to ${STATUS[status].word.toLowerCase()}`,
    groups: way === "add_to_groups" ? `added to ${names}` : way === "remove_from_groups" ? `removed from ${names}` : `now only in ${names || "no group"}`,
    edit: `changed: ${FIELD[field].toLowerCase()}`,
    delete: "deleted",
  };
  const number_ = field === "call_before_hours" || field === "appointment_duration";
  const build = (): Operation | null => {
    if (kind === "status") return reason.trim() ? { operation: "status", new_status: status, reason: reason.trim(), ...(status === "confirmed" && { confirmation_method: "manual" }) } : null;
    if (kind === "groups") return chosen.length > 0 || way === "replace_all_groups" ? { operation: "groups", group_changes: { [way]: chosen } } : null;
    if (kind === "edit") return value ? { operation: "edit", field_updates: { [field]: number_ ? Number(value) : value } } : null;
    return { operation: "delete", confirm: "DELETE" };
  };
  const look = (next: Operation) => {
    setOperation(next);
    preview.mutate({ selection, operation: next });
  };
  const { mutate } = preview;
  useEffect(() => {
    if (kind !== "delete") return;
    const next: Operation = { operation: "delete", confirm: "DELETE" };
    setOperation(next);
    mutate({ selection, operation: next });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the preview of a deletion is made once, when it is opened
  }, [kind]);

  const go = () => {
    if (!operation) return;
    run.mutate(
      { selection, operation },
      {
        onSuccess: (job) => {
          const changed = "changed" in job.summary ? job.summary.changed : job.total_rows;
          setLast({ job, text: `${count(job.status === "completed" ? changed : job.total_rows, nouns.one, nouns.many)} ${done[kind]}.` });
          onDone();
          onClose();
        },
      },
    );
  };

  const shown = operation && preview.data;
  const many = count(size, nouns.one, nouns.many);
  const title = { status: `Set the status of ${many}`, groups: `Change the groups of ${many}`, edit: `Edit ${many}`, delete: `Delete ${many}?` }[kind];
  const next = build();
  const fieldError = [preview.error, run.error].find((each) => each instanceof Refusal);
  return (
    <Dialog
      title={title}
      open
      alert={kind === "delete"}
      onClose={onClose}
      footer={
        shown ? (
          <>
            {kind === "delete" ? <Button onPress={onClose}>Keep</Button> : <Button onPress={() => setOperation(null)}>Back</Button>}
            <Button
              look={kind === "delete" ? "danger" : "primary"}
              isPending={run.isPending}
              isDisabled={preview.data.would_change === 0 || (kind === "delete" && typed !== "DELETE")}
              onPress={go}
            >
              {kind === "delete" ? `Delete ${number(preview.data.would_change)}` : `Change ${number(preview.data.would_change)}`}
            </Button>
          </>
        ) : (
          <>
            <Button onPress={onClose}>Cancel</Button>
            <Button look="primary" isDisabled={!next} isPending={preview.isPending} onPress={() => next && look(next)}>
              See what changes
            </Button>
          </>
        )
      }
    >
      {fieldError && <ErrorNote error={fieldError} what={`Nothing was changed. ${fieldError.fields.map((each) => each.detail).join(" ")}`} />}
      {!shown && kind === "status" && (
        <>
          <SelectField label="New status" value={status} options={STATUSES.map((each) => ({ id: each, name: STATUS[each].word }))} onChange={(each) => setStatus(STATUSES.find((known) => known === each) ?? "confirmed")} />
          <TextField label="Reason" value={reason} onChange={setReason} help="Needed: it is kept with the change, for whoever asks later." maxLength={300} isRequired />
        </>
      )}
      {!shown && kind === "groups" && (
        <>
          <SelectField
            label="What to do"
            value={way}
            options={[
              { id: "add_to_groups", name: "Add to groups" },
              { id: "remove_from_groups", name: "Remove from groups" },
              { id: "replace_all_groups", name: "Put into these groups only" },
            ]}
            onChange={(each) => setWay(each === "remove_from_groups" || each === "replace_all_groups" ? each : "add_to_groups")}
          />
          <fieldset className={css.groups}>
            <legend>Groups</legend>
            {groups.map((each) => (
              <Checkbox key={each.id} isSelected={chosen.includes(each.id)} onChange={(on) => setChosen(on ? [...chosen, each.id] : chosen.filter((id) => id !== each.id))}>
                <span className={css.group}>
                  <GroupMark {...each} /> <bdi>{each.name}</bdi>
                </span>
              </Checkbox>
            ))}
            {groups.length === 0 && <p className="muted">There are no groups yet.</p>}
          </fieldset>
        </>
      )}
      {!shown && kind === "edit" && (
        <>
          <SelectField
            label="Field"
            value={field}
            options={FIELDS.map((each) => ({ id: each, name: FIELD[each] }))}
            onChange={(each) => {
              setField(FIELDS.find((known) => known === each) ?? "priority");
              setValue("");
            }}
          />
          {field === "assigned_to" && <SelectField label="To" value={value || null} options={colleagues.map((each) => ({ id: each.id, name: each.name }))} onChange={setValue} />}
          {field === "priority" && <SelectField label="To" value={value || null} options={["normal", "high", "urgent"].map((each) => ({ id: each, name: each.charAt(0).toUpperCase() + each.slice(1) }))} onChange={setValue} />}
          {field === "appointment_type" && <SelectField label="To" value={value || null} options={types.map((each) => ({ id: each.name, name: each.name }))} onChange={setValue} />}
          {field === "appointment_duration" && <SelectField label="To" value={value || null} options={["15", "30", "45", "60", "90", "120"].map((each) => ({ id: each, name: `${each} minutes` }))} onChange={setValue} />}
          {field === "call_before_hours" && <TextField label="To" inputMode="numeric" value={value} onChange={setValue} help="1 to 168 hours." />}
          {field === "owner_name" && <TextField label="To" value={value} onChange={setValue} />}
          {field === "special_instructions" && <TextField label="To" rows={3} value={value} onChange={setValue} maxLength={300} help="Spoken on the call: no health details." />}
        </>
      )}
      {preview.isPending && <Skeleton rows={3} label="Counting" />}
      {shown && (
        <>
          <ul className={css.preview}>
            <li>
              <CircleCheck size={18} aria-hidden className={css.good} /> <b>{number(shown.would_change)}</b> {kind === "groups" && way === "replace_all_groups" ? `${shown.would_change === 1 ? "is" : "are"} ${done.groups}` : kind === "edit" ? `get another entry: ${FIELD[field].toLowerCase()}` : `${shown.would_change === 1 ? "is" : "are"} ${done[kind]}`}
            </li>
            {shown.unchanged > 0 && (
              <li>
                <CircleMinus size={18} aria-hidden /> <b>{number(shown.unchanged)}</b> {shown.unchanged === 1 ? "is" : "are"} like that already
              </li>
            )}
            {shown.refused > 0 && (
              <li>
                <CircleMinus size={18} aria-hidden className={css.bad} /> <b>{number(shown.refused)}</b> {shown.refused === 1 ? "is" : "are"} left out
              </li>
            )}
          </ul>
          {shown.total_contacts !== size && (
            <p className="muted">
              {number(shown.total_contacts)} now, {number(Math.abs(shown.total_contacts - size))} {shown.total_contacts > size ? "more" : "fewer"} than when you chose.
            </p>
          )}
          {shown.refusals.length > 0 && (
            <ul className={css.list}>
              {[...new Map(shown.refusals.map((each) => [each.detail, each])).values()].map((each) => (
                <li key={each.detail}>{each.detail}</li>
              ))}
            </ul>
          )}
          {shown.contacts.length > 0 && (
            <p className="muted">
              {shown.contacts.slice(0, 5).map((each, place) => (
                <span key={each.id}>
                  {place > 0 && ", "}
                  <Name>{each.name}</Name>
                </span>
              ))}
              {shown.would_change > 5 && ` and ${number(shown.would_change - 5)} more`}
            </p>
          )}
          {kind === "delete" && (
            <>
              <p>They can be brought back for 30 days. Their planned calls are taken out.</p>
              <TextField label="Type DELETE to confirm" value={typed} onChange={setTyped} autoComplete="off" />
            </>
          )}
          {!shown.at_once && <p className="muted">This runs in the background, about {count(shown.estimated_seconds, "second")} at least. You can go on working.</p>}
        </>
      )}
    </Dialog>
  );
}
