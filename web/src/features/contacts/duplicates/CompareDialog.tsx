import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal } from "@/api/problem";
import { useGroups } from "@/features/groups/queries";
import { Name, saidName, useHidden, useSaid } from "@/features/preferences/hidden";
import { useNouns, useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMay, useMayEdit } from "@/features/session/use";
import { day, dayAndTime } from "@/lib/time";
import { humane, joined } from "@/lib/words";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, Hint, Skeleton } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import { contactQuery, type Contact } from "../one";
import { useLastChange } from "../record/lastChange";
import css from "./Duplicates.module.css";
import { FIELDS, appointmentsOf, changedSince, differing, inCalendar, mergeBody, settle, usual, type Choice, type Field, type From, type Known } from "./join";

const NAMES: Record<Field, string> = { name: "Name", phone: "Phone", email: "Email", company_name: "Company", preferred_contact_method: "Reached by", priority: "Priority", assigned_to: "Looked after by", notes: "Notes" };
const CONSENT: Record<string, string> = { given: "Given", withdrawn: "Withdrawn", unknown: "Not recorded" };

/** Two records side by side: one of them is kept with the values chosen, or they are two people. */
export function CompareDialog({ ids, alike, onClose }: { ids: string[]; alike: boolean; onClose: () => void }) {
  const found = useQueries({ queries: ids.map((id) => contactQuery(id)) });
  const booked = useQueries({ queries: ids.map((id) => ({ queryKey: ["contacts", id, "appointments"], queryFn: () => appointmentsOf(id) })) });
  const error = [...found, ...booked].find((each) => each.isError)?.error;
  const [one, other] = found.map((each) => each.data);
  const [ofOne, ofOther] = booked.map((each) => each.data?.appointments);
  if (one && other && ofOne && ofOther) {
    const at = now();
    const calendars = [inCalendar(ofOne, at), inCalendar(ofOther, at)];
    return <Compare pair={[one, other]} calendars={calendars} alike={alike} onClose={onClose} />;
  }
  return (
    <Dialog title="Compare" kind="wide" open onClose={onClose}>
      {error ? <ErrorNote error={error} what="Could not load both." retry={() => void Promise.all([...found, ...booked].map((each) => each.refetch()))} /> : <Skeleton rows={5} />}
    </Dialog>
  );
}

function Compare({ pair, calendars, alike, onClose }: { pair: [Known, Known]; calendars: boolean[]; alike: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const nouns = useNouns();
  const may = useMay();
  const mayEdit = useMayEdit();
  const said = useSaid();
  const hidden = useHidden();
  const zone = useZone();
  const colleague = useColleague();
  const groups = useGroups().data?.groups;
  // What a calendar goes on telling of is kept, else the older record.
  const [keptAt, setKeptAt] = useState(() => (calendars[0] !== calendars[1] ? (calendars[1] ? 1 : 0) : pair[0].value.created_at <= pair[1].value.created_at ? 0 : 1));
  const kept = pair[keptAt === 0 ? 0 : 1];
  const other = pair[keptAt === 0 ? 1 : 0];
  const [chosen, setChosen] = useState<Choice>({});
  // As they were when somebody pressed and was told that they had changed: what is new since is marked.
  const [before, setBefore] = useState<Contact[] | null>(null);
  const keep = (place: number) => {
    setKeptAt(place);
    setChosen({});
  };
  const choice: Choice = { ...usual(kept.value, other.value), ...chosen };
  const fields = differing(kept.value, other.value);
  const again = () => {
    for (const topic of ["contacts", "attention", "groups"]) void client.invalidateQueries({ queryKey: [topic] });
  };
  const merge = useMutation({
    mutationFn: () => body(api.POST("/api/contacts/merge", { body: mergeBody(kept, other, choice) })),
    onSuccess: (made) => {
      toast(`One record: ${saidName(made.name)}. The other can be brought back for 30 days.`);
      for (const warning of made.warnings ?? []) toast(warning.detail);
      onClose();
    },
    onError: (error) => {
      if (error instanceof Refusal && error.status === 412) setBefore(pair.map((each) => each.value));
    },
    onSettled: again,
  });
  const apart = useMutation({
    mutationFn: async () => {
      const both = pair.map((each) => each.value.id);
      await api.POST("/api/contacts/duplicates/apart", { body: { contact_ids: both, apart: true } });
      await settle(both, "Two different people");
    },
    onSuccess: () => {
      toast("Noted: two people. Both stay as they are.");
      onClose();
    },
    onSettled: again,
  });
  const mayMerge = may("delete_contacts") && pair.every((each) => mayEdit(each.value));
  const mayApart = pair.some((each) => mayEdit(each.value));
  const calling = other.value.call_state === "calling_in_progress";
  const stuck = calendars[keptAt === 0 ? 1 : 0] ?? false;
  const text = (field: Field, who: Contact): string => {
    const value = who[field];
    if (!value) return "Nothing";
    if (field === "phone") return said.phone(value);
    if (field === "name") return said.name(value);
    if (hidden && ["email", "company_name", "notes"].includes(field)) return "Hidden";
    if (field === "assigned_to") return colleague(value) ?? "A colleague";
    return field === "priority" || field === "preferred_contact_method" ? humane(value) : value;
  };
  const others: [string, (who: Contact) => string][] = [
    ["Appointment", (who) => (who.appointment_time ? dayAndTime(new Date(who.appointment_time), zone, now()) : "None")],
    ["Permission", (who) => CONSENT[who.preferences.voice_consent.state] ?? humane(who.preferences.voice_consent.state)],
    ["Groups", (who) => who.group_ids.map((id) => groups?.find((each) => each.id === id)?.name ?? "a group").join(", ") || "None"],
    ["Added", (who) => day(new Date(who.created_at), zone, now())],
  ];
  const failed = merge.error ?? apart.error;
  const conflict = failed instanceof Refusal && failed.status === 412;
  const news = pair.map(({ value }, place) => (before?.[place] ? changedSince(before[place], value) : []));
  const changes = [useLastChange(pair[0].value.id, news[0]?.length ? pair[0].etag : null), useLastChange(pair[1].value.id, news[1]?.length ? pair[1].etag : null)];
  const told = pair.flatMap(({ value }, place) => (news[place]?.length ? [`${changes[place]?.who ?? "Somebody"} changed ${said.name(value.name)} ${changes[place]?.when ?? ""}`] : []));
  return (
    <Dialog
      title="Compare"
      kind="wide"
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Close</Button>
          {alike && mayApart && (
            <Button isPending={apart.isPending} onPress={() => apart.mutate()}>
              Not the same person
            </Button>
          )}
          {mayMerge && (
            <Button look={alike ? "primary" : "secondary"} isDisabled={stuck || calling} isPending={merge.isPending} onPress={() => merge.mutate()}>
              Make one record
            </Button>
          )}
        </>
      }
    >
      <div className={css.side}>
        {conflict ? (
          <Hint tone="attention">
            {`${joined(told) || "A colleague changed one of them a moment ago"}, and nothing was done. What is new is marked below. Look once more, then make one record.`}
          </Hint>
        ) : (
          failed && <ErrorNote error={failed} what={merge.error ? `Nothing was changed.${failed instanceof Refusal && failed.fields[0] ? ` ${failed.fields[0].detail}` : ""}` : "Not noted."} />
        )}
        <table className={css.table}>
          <thead>
            <tr>
              <td />
              {pair.map(({ value }, place) => (
                <th key={value.id} scope="col">
                  {mayMerge ? (
                    <label className={css.pick}>
                      <input type="radio" name="kept" checked={keptAt === place} onChange={() => keep(place)} />
                      <span>
                        Keep <Name>{value.name}</Name>
                      </span>
                    </label>
                  ) : (
                    <Name>{value.name}</Name>
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {FIELDS.filter((field) => pair.some((each) => each.value[field])).map((field) => (
              <tr key={field}>
                <th scope="row">{NAMES[field]}</th>
                {pair.map(({ value }, place) => {
                  const from: From = place === keptAt ? "kept" : "other";
                  const taken = choice[field] === from || choice[field] === "both";
                  return (
                    <td key={value.id} className={field === "notes" ? css.notes : undefined}>
                      {news[place]?.includes(field) && <Badge tone="attention">New</Badge>}
                      {mayMerge && fields.includes(field) && (field !== "phone" || value.phone) ? (
                        <label className={css.pick}>
                          <input type="radio" name={field} checked={choice[field] === from} onChange={() => setChosen({ ...chosen, [field]: from })} />
                          <span className={taken ? css.taken : undefined}>{text(field, value)}</span>
                        </label>
                      ) : (
                        text(field, value)
                      )}
                      {mayMerge && place === 1 && field === "notes" && fields.includes(field) && pair.every((each) => each.value.notes) && (
                        <label className={css.pick}>
                          <input type="radio" name={field} checked={choice[field] === "both"} onChange={() => setChosen({ ...chosen, [field]: "both" })} />
                          <span>Both, one under the other</span>
                        </label>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
            {others.map(([name, of]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {pair.map(({ value }) => (
                  <td key={value.id}>{of(value)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {mayMerge && (stuck || calling) && (
          <Hint tone="attention">
            {calling
              ? "Vio is on the phone with the one that would be deleted. Wait until the call is over."
              : calendars.every(Boolean)
                ? "Both have an appointment to come in a calendar, which goes on telling of both. Make one record when one of the two is over."
                : `The other has an appointment to come in a calendar, which goes on telling of it there. Keep that one.`}
          </Hint>
        )}
        {mayMerge && (
          <ul className={css.all}>
            <li>{`The one you keep gets the values chosen above, the groups and tags of both, and the appointments to come of both.`}</li>
            <li>{`Permission that was withdrawn from one is withdrawn for the one you keep.`}</li>
            <li>{`The other ${nouns.one} is deleted. Its calls, notes and earlier appointments stay readable in the one you keep, and it can be brought back for 30 days.`}</li>
          </ul>
        )}
        {!mayMerge && <p className="muted">{`Making one record of two is for somebody who may delete ${nouns.many}.`}</p>}
      </div>
    </Dialog>
  );
}
