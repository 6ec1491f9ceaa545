import { api, versioned, type Schemas } from "@/api/client";
import { TimeField } from "@/ui/DateTime";
import { Row, SelectField, Switch, TextField } from "@/ui/Field";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { ClosedDays, comingHolidays } from "./ClosedDays";
import { SaveState } from "./SaveState";
import css from "./settings.module.css";
import { useAutoSave } from "./useAutoSave";

type View = Schemas["CallsView"];
type Patch = Schemas["CallsPatch"];

const hours = (list: number[]) => list.map((each) => ({ id: String(each), name: each === 0.5 ? "30 minutes" : each === 1 ? "1 hour" : `${String(each)} hours` }));
const words = (list: Record<string, string>) => Object.entries(list).map(([id, name]) => ({ id, name }));

/** When Vio calls, how often, and in which manner. */
export function Calling() {
  const state = useAutoSave<View, Patch>({
    key: ["settings", "calls"],
    read: () => versioned(api.GET("/api/settings/calls")),
    write: (patch, etag) => versioned(api.PATCH("/api/settings/calls", { params: { header: { "If-Match": etag } }, body: patch })),
  });
  const { value, set, mark, errors, query } = state;
  if (query.isLoadingError) return <ErrorNote error={query.error} what="Could not load the call settings." retry={() => void query.refetch()} />;
  if (!value) return <Skeleton rows={6} />;
  return (
    <>
      <div className={css.head}>
        <h2>Call settings</h2>
        <SaveState state={state} />
      </div>
      <Panel title="When Vio may call">
        <div className={css.fields}>
          <Row>
            <TimeField label="From" value={value.call_hours.start_time} onChange={(start_time) => start_time && set({ call_hours: { start_time } })} mark={mark("call_hours.start_time")} error={errors["call_hours.start_time"]} />
            <TimeField label="Until" value={value.call_hours.end_time} onChange={(end_time) => end_time && set({ call_hours: { end_time } })} mark={mark("call_hours.end_time")} error={errors["call_hours.end_time"]} help="In the time of the person who is called." />
          </Row>
          <Switch isSelected={value.call_hours.weekend_calling} onChange={(weekend_calling) => set({ call_hours: { weekend_calling } })} mark={mark("call_hours.weekend_calling")}>
            Also on Saturdays and Sundays
          </Switch>
          <Switch isSelected={value.call_hours.holiday_calling} onChange={(holiday_calling) => set({ call_hours: { holiday_calling } })} mark={mark("call_hours.holiday_calling")}>
            Also on holidays
          </Switch>
          <Switch isSelected={value.holiday_calendar.uk_bank_holidays} onChange={(uk_bank_holidays) => set({ holiday_calendar: { uk_bank_holidays } })} mark={mark("holiday_calendar.uk_bank_holidays")}>
            UK bank holidays count as holidays
          </Switch>
          {value.holiday_calendar.uk_bank_holidays && (
            <SelectField
              label="Whose bank holidays"
              value={value.holiday_calendar.division}
              options={words({ "england-and-wales": "England and Wales", scotland: "Scotland", "northern-ireland": "Northern Ireland" })}
              onChange={(division) => set({ holiday_calendar: { division } })}
              mark={mark("holiday_calendar.division")}
              help={comingHolidays(value.holiday_calendar.bank_holidays)}
            />
          )}
          <ClosedDays dates={value.holiday_calendar.custom_holidays} onChange={(custom_holidays) => set({ holiday_calendar: { custom_holidays } })} mark={mark("holiday_calendar.custom_holidays")} error={errors["holiday_calendar.custom_holidays"]} />
        </div>
      </Panel>
      <Panel title="Reminders">
        <div className={css.fields}>
          <Switch isSelected={value.auto_schedule_calls} onChange={(auto_schedule_calls) => set({ auto_schedule_calls })} mark={mark("auto_schedule_calls")}>
            Plan a reminder for every appointment
          </Switch>
          <Row>
            <TextField
              label="Hours before the appointment"
              inputMode="numeric"
              value={String(value.hours_before_appointment)}
              onChange={(text) => set({ hours_before_appointment: Number(text.replace(/\D/g, "")) })}
              mark={mark("hours_before_appointment")}
              error={errors.hours_before_appointment}
              help="1 to 168."
            />
            <TextField
              label="No reminder later than, hours before"
              inputMode="numeric"
              value={String(value.minimum_notice_hours)}
              onChange={(text) => set({ minimum_notice_hours: Number(text.replace(/\D/g, "")) })}
              mark={mark("minimum_notice_hours")}
              error={errors.minimum_notice_hours}
            />
          </Row>
          <Switch isSelected={value.custom_timing_allowed} onChange={(custom_timing_allowed) => set({ custom_timing_allowed })} mark={mark("custom_timing_allowed")}>
            Staff may choose another time for one person
          </Switch>
          <Switch isSelected={value.voice_consent_from_booking} onChange={(voice_consent_from_booking) => set({ voice_consent_from_booking })} mark={mark("voice_consent_from_booking")}>
            A booking on your calendar counts as consent to be called
          </Switch>
        </div>
      </Panel>
      <Panel title="When nobody is reached">
        <div className={css.fields}>
          <Switch isSelected={value.enable_automatic_retries} onChange={(enable_automatic_retries) => set({ enable_automatic_retries })} mark={mark("enable_automatic_retries")}>
            Try again by itself
          </Switch>
          {value.enable_automatic_retries && (
            <Row>
              <SelectField label="At most" value={String(value.maximum_retry_attempts)} options={["0", "1", "2", "3"].map((each) => ({ id: each, name: each === "1" ? "1 more try" : `${each} more tries` }))} onChange={(each) => set({ maximum_retry_attempts: Number(each) })} mark={mark("maximum_retry_attempts")} />
              <SelectField label="After no answer" value={String(value.no_answer_delay)} options={hours([1, 2, 4, 8])} onChange={(each) => set({ no_answer_delay: Number(each) })} mark={mark("no_answer_delay")} />
              <SelectField label="After voicemail" value={String(value.voicemail_delay)} options={hours([4, 8, 12, 24])} onChange={(each) => set({ voicemail_delay: Number(each) })} mark={mark("voicemail_delay")} />
              <SelectField label="After a busy line" value={String(value.busy_signal_delay)} options={hours([0.5, 1, 2])} onChange={(each) => set({ busy_signal_delay: Number(each) })} mark={mark("busy_signal_delay")} />
            </Row>
          )}
        </div>
      </Panel>
      <Panel title="How Vio speaks">
        <div className={css.fields}>
          <Switch isSelected={value.customer_feedback} onChange={(customer_feedback) => set({ customer_feedback })} mark={mark("customer_feedback")}>
            Ask how content the person was with the call
          </Switch>
          <Switch isSelected={value.call_recording} onChange={(call_recording) => set({ call_recording })} mark={mark("call_recording")} help={value.recording_refused ? "Not recorded: an agreement with the recorder must be entered under Privacy first." : undefined}>
            Record calls
          </Switch>
        </div>
      </Panel>
    </>
  );
}
