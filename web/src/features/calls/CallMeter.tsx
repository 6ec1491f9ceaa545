import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleDot, CirclePause, Pause, Play } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { useBusiness, useCallSettings, useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMay } from "@/features/session/use";
import { now } from "@/api/clock";
import { clock, clockOf, dayAndTimeWithin } from "@/lib/time";
import { count, number } from "@/lib/words";
import { Meter } from "@/ui/Bar";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import css from "./CallMeter.module.css";
import { pauseWords } from "./pause";
import { useLimits } from "./queries";

/** Whether calls are made, how many were, and the button that stops them all. */
export function CallMeter() {
  const may = useMay();
  const limits = useLimits();
  const settings = useCallSettings().data;
  const zone = useZone();
  const { data } = limits;
  const colleague = useColleague();
  const [asking, setAsking] = useState(false);
  if (!data) return null;
  const paused = data.paused;
  const full = data.used >= data.limit;
  const hours = settings ? `Calls allowed ${clockOf(settings.call_hours.start_time)} to ${clockOf(settings.call_hours.end_time)}` : "";
  const line = paused
    ? pauseWords(paused, zone, colleague(paused.by))
    : full && data.available_at
      ? `Next call free at ${clock(new Date(data.available_at), zone)}`
      : data.back_off_until
        ? `The phone provider asked for a rest until ${clock(new Date(data.back_off_until), zone)}`
        : hours;
  return (
    <section className={css.meter} aria-label="Calling">
      <div className={css.head}>
        <span className={paused ? css.off : css.on}>
          {paused ? <CirclePause size={15} aria-hidden /> : <CircleDot size={15} aria-hidden />}
          {paused ? "Calling is paused" : "Calling is on"}
        </span>
        {may("modify_call_schedules") && (
          <Button small icon={paused ? Play : Pause} onPress={() => setAsking(true)}>
            {paused ? "Resume" : "Pause"}
          </Button>
        )}
      </div>
      <p className={css.row}>
        <span>Last {Math.round(data.window_seconds / 60)} minutes</span>
        <span className="num">
          <b>{number(data.used)}</b> of {number(data.limit)}
        </span>
      </p>
      <Meter label="Calls of the last minutes" value={data.used} most={data.limit} />
      <p className={css.row}>
        <span>Today</span>
        <span className="num">
          <b>{number(data.used_today)}</b> of {number(data.daily_limit)}
        </span>
      </p>
      <Meter label="Calls of today" value={data.used_today} most={data.daily_limit} />
      <p className={css.line}>{line}</p>
      {asking && <PauseDialog onClose={() => setAsking(false)} />}
    </section>
  );
}

/** Pausing stops everybody's reminders, so both ways are asked once. */
export function PauseDialog({ onClose }: { onClose: () => void }) {
  const limits = useLimits().data;
  const business = useBusiness().data;
  const zone = useZone();
  const client = useQueryClient();
  const paused = limits?.paused ?? null;
  const act = useMutation({
    mutationFn: () => body(paused ? api.POST("/api/calls/resume", { body: {} }) : api.POST("/api/calls/pause", { body: {} })),
    onSuccess: (answer) => {
      client.setQueryData(["limits"], answer);
      toast(paused ? "Calling is on again." : "Calling is paused. Calls already ringing finish.");
      onClose();
    },
  });
  const planned = limits?.waiting.planned_today ?? 0;
  return (
    <Dialog
      title={paused ? "Resume calling?" : "Pause all calls?"}
      alert
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{paused ? "Leave it paused" : "Keep calling"}</Button>
          <Button look={paused ? "primary" : "danger"} icon={paused ? Play : Pause} isPending={act.isPending} onPress={() => act.mutate()}>
            {paused ? "Resume calling" : "Pause calling"}
          </Button>
        </>
      }
    >
      {act.isError && <ErrorNote error={act.error} what="Nothing was changed." />}
      {paused ? (
        <p>
          Paused since {dayAndTimeWithin(new Date(paused.since), zone, now())}. Vio starts calling again within the allowed hours; {count(planned, "call is", "calls are")} planned for the rest of today.
        </p>
      ) : (
        <p>
          Nobody at {business?.business_trading_name ?? business?.company_legal_name ?? "your business"} is called until calling is resumed. {count(planned, "call is", "calls are")} planned for the rest of today. Calls already ringing
          finish.
        </p>
      )}
    </Dialog>
  );
}
