import { Link } from "@tanstack/react-router";
import { Plus, Printer } from "lucide-react";
import { useState } from "react";
import { WorkList } from "@/features/attention/WorkList";
import { useWorkLoading } from "@/features/attention/queries";
import { useCallsUnderWay } from "@/features/calls/queries";
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
import { PrintDialog, type OnPaper } from "./PrintDialog";
import { PrintList } from "./PrintList";
import css from "./TodayPage.module.css";
import { nextWorkingDay, useAppointmentsLoading, useAppointmentsOf, useNextCalls } from "./queries";

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
  // Up to and with 64 rem, as the style says.
  const stacked = useNarrow("64.01rem");
  // What stands under a list waits for it: nothing is pushed down while somebody reads.
  const reading = useWorkLoading();
  const listing = useAppointmentsLoading(today);
  const calls = useCallsUnderWay();
  // Asked for at once, though it is shown only when what stands above it is known.
  useNextCalls(may("view_call_results"));
  const under = stacked && (reading || listing);
  const [asking, setAsking] = useState(false);
  const [printing, setPrinting] = useState<OnPaper | null>(null);
  const appointments = useAppointmentsOf(today, "all");
  const coming = appointments.data?.pages.flatMap((page) => page.contacts).find((each) => each.appointment_time && Date.parse(each.appointment_time) > at.getTime() && each.appointment_status !== "cancelled");
  const line = coming?.appointment_time ? `Next ${nouns.one} ${distance(new Date(coming.appointment_time), at)}.` : appointments.data ? "Nobody else is booked today." : "";
  return (
    <>
      <div className="no-print">
        <PageHeader
          title={longDay(at, zone)}
          line={<span className={css.line}>{`${clock(at, zone)}. ${line}`}</span>}
          actions={
            <>
              <Button icon={Printer} onPress={() => setAsking(true)}>
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
            {phone && !under && <Away today={today} />}
          </div>
          {may("view_call_results") && !under && (
            <div className={css.column}>
              <CallsNow />
              {calls && <NextCalls />}
            </div>
          )}
        </div>
      </div>
      {asking && (
        <PrintDialog
          onClose={() => setAsking(false)}
          onPrint={(paper) => {
            setAsking(false);
            setPrinting(paper);
          }}
        />
      )}
      {printing && <PrintList date={today} paper={printing} onDone={() => setPrinting(null)} />}
    </>
  );
}
