import { Link } from "@tanstack/react-router";
import { Plus, Printer } from "lucide-react";
import { useState } from "react";
import { WorkList } from "@/features/attention/WorkList";
import { useOpenWork } from "@/features/attention/queries";
import { useBusiness, useNouns, useZone } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { clock, dateKey, distance, instantOf, longDay } from "@/lib/time";
import { useNarrow } from "@/lib/useNarrow";
import { useNow } from "@/lib/useNow";
import { Button, buttonClass } from "@/ui/Button";
import { PageHeader } from "@/ui/Panel";
import { Appointments } from "./Appointments";
import { Away } from "./Away";
import { CallsNow } from "./CallsNow";
import { DayCard, DayLine } from "./DayCard";
import { NextCalls } from "./NextCalls";
import { PrintList } from "./PrintList";
import css from "./TodayPage.module.css";
import { nextWorkingDay, useAppointmentsOf } from "./queries";

/** What went wrong and what to do about it first; then how the day stands. */
export default function TodayPage() {
  const zone = useZone();
  const business = useBusiness().data;
  const nouns = useNouns();
  const may = useMay();
  const at = useNow();
  const today = dateKey(at, zone);
  const next = nextWorkingDay(today, business);
  const nextName = longDay(instantOf(next, "12:00", zone), zone);
  const phone = useNarrow("48rem");
  // What stands under the work list waits for it: nothing is pushed down while somebody reads.
  const reading = useOpenWork().isLoading;
  const [printing, setPrinting] = useState(false);
  const appointments = useAppointmentsOf(today, "all");
  const coming = appointments.data?.pages.flatMap((page) => page.contacts).find((each) => each.appointment_time && Date.parse(each.appointment_time) > at.getTime() && each.appointment_status !== "cancelled");
  const line = coming?.appointment_time ? `The next ${nouns.one} arrives ${distance(new Date(coming.appointment_time), at)}.` : appointments.data ? "Nobody else is booked today." : "";
  return (
    <>
      <div className="no-print">
        <PageHeader
          title={longDay(at, zone)}
          line={`${clock(at, zone)}. ${line}`}
          actions={
            <>
              <Button icon={Printer} onPress={() => setPrinting(true)}>
                Print day list
              </Button>
              {may("create_contacts") && (
                <Link to="/contacts/new" className={buttonClass({ look: "primary" })}>
                  <Plus size={16} aria-hidden /> Add {nouns.one}
                </Link>
              )}
            </>
          }
        />
        <div className={css.days}>
          <DayCard title="Today" date={today} />
          {phone ? <DayLine title={nextName} date={next} /> : <DayCard title={nextName} date={next} />}
          {!phone && <Away today={today} />}
        </div>
        <div className={css.columns}>
          <div className={css.column}>
            <WorkList />
            {!reading && <Appointments date={today} />}
            {phone && <Away today={today} />}
          </div>
          {may("view_call_results") && (
            <div className={css.column}>
              <CallsNow />
              <NextCalls />
            </div>
          )}
        </div>
      </div>
      {printing && <PrintList date={today} onDone={() => setPrinting(false)} />}
    </>
  );
}
