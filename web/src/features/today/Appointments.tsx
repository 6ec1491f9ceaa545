import { Link } from "@tanstack/react-router";
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { reasonOf } from "@/features/attention/reasons";
import { idOf } from "@/features/contacts/one";
import { StatusBadge } from "@/features/contacts/status";
import { DetailsOf, Name } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { clock } from "@/lib/time";
import { count, number } from "@/lib/words";
import { Count } from "@/ui/Badge";
import { LiveRows } from "@/ui/LiveRows";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import { ShowMore } from "@/ui/ShowMore";
import { Time } from "@/ui/Time";
import { cx } from "@/ui/cx";
import { AppointmentLine } from "@/features/contacts/AppointmentLine";
import css from "./Appointments.module.css";
import { useAppointmentsLoading, useAppointmentsOf, useDay } from "./queries";

/** Today's appointments: first those that nobody has answered for. */
export function Appointments({ date }: { date: string }) {
  const zone = useZone();
  const [show, setShow] = useState<"pending" | "all">("pending");
  const list = useAppointmentsOf(date, show);
  const day = useDay(date).data;
  // The first list and its counts at once: they widen what stands in the heading.
  const opening = useAppointmentsLoading(date);
  const waiting = opening || list.isPending;
  const rows = list.data?.pages.flatMap((page) => page.contacts) ?? [];
  return (
    <Panel
      key={opening ? "reading" : "read"}
      title={
        <>
          Today’s appointments {day && <Count value={number(day.total)} />}
        </>
      }
      aside={
        !opening && (
          <Segments
            label="Which appointments"
            value={show}
            onChange={setShow}
            options={[
              { id: "pending", name: "Still to confirm", count: day && number(day.status.pending) },
              { id: "all", name: "All", count: day && number(day.total) },
            ]}
          />
        )
      }
    >
      {waiting && <Skeleton rows={4} />}
      {list.isError && <ErrorNote error={list.error} what="Could not load today’s appointments." retry={() => void list.refetch()} />}
      {!waiting && list.data && rows.length === 0 && <Empty title={show === "pending" ? "Nobody is left to confirm today" : "No appointments today"} />}
      {!waiting && (
        <LiveRows of={`${show} ${String(list.data?.pages.length ?? 0)}`} items={rows} keyOf={idOf}>
          {(each, came) => (
            <li key={each.id} data-contact={each.id} className={cx(css.row, came)}>
              <DetailsOf value={each.id}>
                <span className={`${css.time ?? ""} num`}>
                  {each.appointment_time && (
                    <Time at={each.appointment_time} zone={zone}>
                      {clock(new Date(each.appointment_time), zone)}
                    </Time>
                  )}
                </span>
                <Link to="/contacts/$contactId" params={{ contactId: each.id }} className={css.name}>
                  <Name>{each.name}</Name>
                </Link>
                <span className={css.what}>
                  <AppointmentLine contact={each} />
                </span>
                <span className={css.status}>
                  <StatusBadge status={each.appointment_status} />
                </span>
                <span className={css.note}>
                  {each.needs_attention ? (
                    <span className={css.attention}>
                      <TriangleAlert size={15} aria-hidden /> {reasonOf(each.needs_attention.reason).line.replace(/\.$/, "")}
                    </span>
                  ) : each.call_attempts > 0 ? (
                    count(each.call_attempts, "try", "tries")
                  ) : (
                    ""
                  )}
                </span>
              </DetailsOf>
            </li>
          )}
        </LiveRows>
      )}
      <ShowMore list={list} />
    </Panel>
  );
}
