import { useQuery } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { dayAndTime } from "@/lib/time";
import { count } from "@/lib/words";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { AppointmentLine } from "../AppointmentLine";
import type { Contact } from "../one";
import { StatusBadge } from "../status";
import css from "./Timeline.module.css";

const CAME: Record<string, string> = { attended: "Came", no_show: "Did not come" };

/** All appointments of a person, latest first. */
export function Appointments({ contact }: { contact: Pick<Contact, "id" | "appointment_id" | "appointments_count"> }) {
  const zone = useZone();
  const list = useQuery({ queryKey: ["contacts", contact.id, "appointments"], queryFn: () => body(api.GET("/api/contacts/{contact_id}/appointments", { params: { path: { contact_id: contact.id } } })) });
  if (list.isPending) return <Skeleton rows={3} />;
  if (list.isLoadingError) return <ErrorNote error={list.error} what="Could not load the appointments." retry={() => void list.refetch()} />;
  if (list.data.appointments.length === 0) return <Empty title="No appointments" />;
  return (
    <ul className={css.rows}>
      {[...list.data.appointments].reverse().map((each) => (
        <li key={each.id}>
          <b className="num">{dayAndTime(new Date(each.appointment_time), zone, now())}</b>
          <span className="muted">
            <AppointmentLine contact={each} long />
            {each.call_attempts > 0 && `, ${count(each.call_attempts, "try", "tries")}`}
            {CAME[each.attendance] && `, ${(CAME[each.attendance] ?? "").toLowerCase()}`}
            {each.id === contact.appointment_id && contact.appointments_count > 1 && ", the current one"}
          </span>
          <StatusBadge status={each.appointment_status} />
        </li>
      ))}
    </ul>
  );
}
