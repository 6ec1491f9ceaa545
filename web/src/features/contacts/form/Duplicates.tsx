import { useMutation, useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CalendarPlus, UserRoundPlus, Users } from "lucide-react";
import { useEffect, useRef } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal } from "@/api/problem";
import { useHidden, useSaid } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { hiddenPhone } from "@/lib/phone";
import { dayAndTime, instantOf } from "@/lib/time";
import { Button } from "@/ui/Button";
import { IconTile } from "@/ui/Badge";
import { ErrorNote } from "@/ui/Notes";
import { cx } from "@/ui/cx";
import { contactQuery, type Contact } from "../one";
import css from "./Duplicates.module.css";
import type { Draft } from "./draft";

interface Props {
  ids: string[];
  draft: Draft;
  onAdded: (contactId: string) => void;
  onNew: () => void;
  busy: boolean;
}

/** Somebody like this is there already: both side by side, what differs marked, and three ways on. */
export function Duplicates({ ids, draft, onAdded, onNew, busy }: Props) {
  const found = useQueries({ queries: ids.slice(0, 3).map((id) => contactQuery(id)), combine: (answers) => answers.flatMap((each) => (each.data ? [each.data.value] : [])) });
  const said = useSaid();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section className={css.panel} aria-labelledby="duplicates">
      <header className={css.head}>
        <IconTile icon={Users} tone="attention" size={20} />
        <div>
          <h2 id="duplicates" ref={heading} tabIndex={-1}>
            {found[0] ? `${said.name(found[0].name)} may already be here` : "This person may already be here"}
          </h2>
          <p className="muted">The same number or email, and a similar name. Nothing was saved yet.</p>
        </div>
      </header>
      {found.map((each) => (
        <Compare key={each.id} there={each} draft={draft} onAdded={() => onAdded(each.id)} />
      ))}
      <Button icon={UserRoundPlus} isPending={busy} onPress={onNew}>
        Save as new
      </Button>
    </section>
  );
}

function Compare({ there, draft, onAdded }: { there: Contact; draft: Draft; onAdded: () => void }) {
  const zone = useZone();
  const said = useSaid();
  const hidden = useHidden();
  const add = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/contacts/{contact_id}/appointments", {
          params: { path: { contact_id: there.id } },
          body: {
            appointment_time: `${draft.date}T${draft.time}`,
            ...(draft.duration && { appointment_duration: Number(draft.duration) }),
            ...(draft.type && { appointment_type: draft.type }),
            ...(draft.owner.trim() && { owner_name: draft.owner.trim() }),
            ...(draft.location && { location_id: draft.location }),
            ...(draft.words.trim() && { special_instructions: draft.words.trim() }),
          },
        }),
      ),
    onSuccess: onAdded,
  });
  const plain = (value: string) => value.replace(/\D/g, "").replace(/^44/, "0");
  const email = (value: string | null | undefined) => (!value ? "None" : hidden ? "Hidden" : value);
  const rows: [string, string, string, boolean][] = [
    ["Name", said.name(draft.name), said.name(there.name), draft.name.trim().toLowerCase() !== there.name.toLowerCase()],
    ["Phone", hidden ? hiddenPhone(draft.phone) : draft.phone, said.phone(there.phone), plain(draft.phone) !== plain(there.phone ?? "")],
    ["Email", email(draft.email), email(there.email), draft.email.trim().toLowerCase() !== (there.email ?? "")],
    ["Appointment", draft.date && draft.time ? dayAndTime(instantOf(draft.date, draft.time, zone), zone, now()) : "None", there.appointment_time ? dayAndTime(new Date(there.appointment_time), zone, now()) : "None", true],
  ];
  return (
    <div className={css.compare}>
      {add.isError && <ErrorNote error={add.error} what={add.error instanceof Refusal && add.error.fields[0] ? add.error.fields[0].detail : "The appointment was not added."} />}
      <table className={css.table}>
        <thead>
          <tr>
            <td />
            <th scope="col">You are adding</th>
            <th scope="col">
              <Link to="/contacts/$contactId" params={{ contactId: there.id }} target="_blank">
                Already here
              </Link>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, mine, theirs, differs]) => (
            <tr key={name} className={cx(differs && css.differs)}>
              <th scope="row">{name}</th>
              <td>{mine}</td>
              <td>{theirs}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {draft.date && draft.time && (
        <Button look="primary" icon={CalendarPlus} isPending={add.isPending} onPress={() => add.mutate()}>
          {`Add the appointment to ${said.name(there.name)}`}
        </Button>
      )}
    </div>
  );
}
