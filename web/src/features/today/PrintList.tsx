import { useEffect, useRef } from "react";
import { STATUS, isStatus } from "@/features/contacts/status";
import { useBusiness, useZone } from "@/features/session/business";
import { useMe } from "@/features/session/use";
import { phoneText } from "@/lib/phone";
import { hiddenName } from "@/lib/words";
import { clock, day, instantOf, longDay } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import css from "./PrintList.module.css";
import type { OnPaper } from "./PrintDialog";
import { useAppointmentsOf } from "./queries";

/** The day list on paper: black on white, by time, with a box to tick. */
export function PrintList({ date, paper, onDone }: { date: string; paper: OnPaper; onDone: () => void }) {
  const zone = useZone();
  const me = useMe();
  const business = useBusiness().data;
  const at = useNow();
  const list = useAppointmentsOf(date, "all");
  const { hasNextPage, fetchNextPage, isFetching } = list;
  const whole = list.data !== undefined && !hasNextPage && !isFetching;

  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const done = useRef(onDone);
  useEffect(() => {
    done.current = onDone;
  });
  useEffect(() => {
    if (!whole) return;
    const after = () => done.current();
    addEventListener("afterprint", after, { once: true });
    // Once, however often the clock on the page moves meanwhile; and when the page is drawn.
    const timer = setTimeout(() => print());
    return () => {
      clearTimeout(timer);
      removeEventListener("afterprint", after);
    };
  }, [whole]);

  const rows = list.data?.pages.flatMap((page) => page.contacts) ?? [];
  return (
    <div className="print-only">
      <h1>
        {business?.company_legal_name}, {longDay(instantOf(date, "12:00", zone), zone)}
      </h1>
      <p>
        Printed by {me.full_name}, {day(at, zone, at)}, {clock(at, zone)}. Contains personal data: do not leave it lying about.
      </p>
      <table className={css.table}>
        <thead>
          <tr>
            <th>Time</th>
            <th>Name</th>
            {paper.phones && <th>Phone</th>}
            <th>With</th>
            <th>Status</th>
            <th>Came</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((each) => (
            <tr key={each.id}>
              <td>{each.appointment_time && clock(new Date(each.appointment_time), zone)}</td>
              <td>
                <bdi>{paper.names ? each.name : hiddenName(each.name)}</bdi>
              </td>
              {paper.phones && <td className="num">{phoneText(each.phone)}</td>}
              <td>{each.owner_name}</td>
              <td>{isStatus(each.appointment_status) ? STATUS[each.appointment_status].word : each.appointment_status}</td>
              <td>
                <span className={css.box} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
