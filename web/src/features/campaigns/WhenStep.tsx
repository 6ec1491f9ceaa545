import { Link } from "@tanstack/react-router";
import { Clock } from "lucide-react";
import { useLimits } from "@/features/calls/queries";
import { useCallSettings, useZone } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { city, clockOf } from "@/lib/time";
import { count, number } from "@/lib/words";
import { DateField, TimeField } from "@/ui/DateTime";
import { Row, SelectField, TextField } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import type { Flow } from "./flow";
import { PRIORITY, paceOf, type Options } from "./options";
import css from "./Steps.module.css";

/** When a campaign begins and how fast it calls. */
export function WhenStep({ flow: { options, errors, change }, onLeave }: { flow: Flow; onLeave: () => void }) {
  const zone = useZone();
  const may = useMay();
  const settings = useCallSettings().data;
  const limits = useLimits().data;
  const pace = paceOf(options);
  const hours = settings?.call_hours;
  const days = hours && (hours.weekend_calling ? (hours.holiday_calling ? "every day" : "but not on holidays") : hours.holiday_calling ? "but not at weekends" : "but not at weekends or on holidays");
  return (
    <Panel title="When Vio calls" padded>
      <div className={css.part}>
        <div className={css.choice}>
          <span className={css.label} aria-hidden>
            Start
          </span>
          <Segments
            label="Start"
            value={options.start}
            onChange={(start) => change({ start })}
            options={[
              { id: "now", name: "Now" },
              { id: "time", name: "At a time" },
            ]}
          />
        </div>
        {options.start === "time" && (
          <Row>
            <DateField label="Day" value={options.date} onChange={(date) => change({ date })} error={errors.date} />
            <TimeField label="Time" value={options.time} onChange={(time) => change({ time })} error={errors.time} help={`${city(zone)} time. Outside the calling hours it begins when they open.`} />
          </Row>
        )}
        <div className={css.choice}>
          <span className={css.label} aria-hidden>
            Pace
          </span>
          <Segments
            label="Pace"
            value={pace}
            onChange={(next) => change({ pace: next })}
            options={[
              { id: "fast", name: "As fast as allowed" },
              // The API spreads only what begins at once.
              ...(options.start === "now" ? [{ id: "spread" as const, name: "Spread out" }] : []),
              { id: "every", name: "One call every few minutes" },
            ]}
          />
        </div>
        {pace === "spread" && (
          <div className={css.narrow}>
            <SelectField
              label="Spread over"
              value={options.stagger}
              options={["15", "30", "60", "120"].map((each) => ({ id: each, name: `${each} minutes` }))}
              onChange={(stagger) => change({ stagger: stagger as Options["stagger"] })}
              help="Never faster than the limit of calls."
            />
          </div>
        )}
        {pace === "every" && (
          <div className={css.narrow}>
            <TextField label="Minutes from one call to the next" inputMode="numeric" value={options.every} onChange={(every) => change({ every: every.replace(/\D/g, "") })} error={errors.every} />
          </div>
        )}
        <p className={css.note}>
          <Clock size={15} aria-hidden />
          <span>
            {hours && `Calls are allowed ${clockOf(hours.start_time)} to ${clockOf(hours.end_time)}, ${days ?? ""}, by the clock of whoever is called. `}
            {limits && `At most ${count(limits.limit, "call")} in any ${number(Math.round(limits.window_seconds / 60))} minutes and ${number(limits.daily_limit)} a day; what does not fit goes on when there is room. `}
            {may("configure_call_settings") && (
              <Link to="/settings/$section" params={{ section: "calls" }} onClick={onLeave}>
                Call settings
              </Link>
            )}
          </span>
        </p>
      </div>
      <div className={css.part}>
        <Row>
          <SelectField label="Priority" value={options.priority} options={Object.entries(PRIORITY).map(([id, name]) => ({ id, name }))} onChange={(priority) => change({ priority: priority as Options["priority"] })} />
          <TextField label="At the earliest, hours before" optional inputMode="numeric" value={options.hours} onChange={(next) => change({ hours: next.replace(/\D/g, "") })} error={errors.hours} help="1 to 168 hours before their appointment. Empty: when it is their turn." />
        </Row>
      </div>
    </Panel>
  );
}
