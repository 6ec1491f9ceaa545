import { Link } from "@tanstack/react-router";
import { api, versioned, type Schemas } from "@/api/client";
import { city, clockOf } from "@/lib/time";
import { SelectField, Switch } from "@/ui/Field";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { Row } from "@/ui/Field";
import { SaveState } from "./SaveState";
import css from "./settings.module.css";
import { useAutoSave } from "./useAutoSave";

type View = Schemas["NotificationsView"];
type Patch = Schemas["NotificationsPatch"];

const options = (list: Record<string, string>) => Object.entries(list).map(([id, name]) => ({ id, name }));

/** What one is told of, by mail, by text message and in the console. */
export function Notifications() {
  const state = useAutoSave<View, Patch>({
    key: ["settings", "notifications"],
    read: () => versioned(api.GET("/api/settings/notifications")),
    // Each switch stands for itself: whoever changed another one meanwhile keeps it.
    write: (patch) => versioned(api.PATCH("/api/settings/notifications", { body: patch })),
  });
  const { value, set, mark, errors, query } = state;
  if (query.isLoadingError) return <ErrorNote error={query.error} what="Could not load what you are told of." retry={() => void query.refetch()} />;
  if (!value) return <Skeleton rows={8} />;
  const { email_notifications: email, sms_notifications: sms, in_app_notifications: inApp } = value;
  const mail = (change: NonNullable<Patch["email_notifications"]>) => set({ email_notifications: change });
  const text = (change: NonNullable<Patch["sms_notifications"]>) => set({ sms_notifications: change });
  const here = (change: NonNullable<Patch["in_app_notifications"]>) => set({ in_app_notifications: change });
  const noPhone = sms.unavailable === "no_phone";
  const silent = noPhone || !sms.enable_sms;
  const at = `At ${clockOf(value.delivery_time)}, ${city(value.timezone)} time.`;
  return (
    <>
      <div className={css.head}>
        <h2>Notifications</h2>
        <SaveState state={state} />
      </div>
      <Panel title="By email">
        <div className={css.fields}>
          <Switch isSelected isDisabled help="Always on: password changes, new devices, security alerts.">
            Account and security
          </Switch>
          <SelectField
            label="Calls"
            value={email.call_completion_notifications}
            options={options({ none: "No mails", failed_only: "Failed calls only", all_outcomes: "Every call", summary_only: "In the daily summary only" })}
            onChange={(choice) => mail({ call_completion_notifications: choice })}
            mark={mark("email_notifications.call_completion_notifications")}
          />
          <Switch isSelected={email.appointment_confirmations} onChange={(on) => mail({ appointment_confirmations: on })} mark={mark("email_notifications.appointment_confirmations")}>
            Somebody confirms their appointment
          </Switch>
          <Switch isSelected={email.cancellation_alerts} onChange={(on) => mail({ cancellation_alerts: on })} mark={mark("email_notifications.cancellation_alerts")}>
            Somebody cancels, or asks for another time
          </Switch>
          <Switch isSelected={email.daily_activity_summary} onChange={(on) => mail({ daily_activity_summary: on })} mark={mark("email_notifications.daily_activity_summary")} help={at}>
            Daily summary
          </Switch>
          <Switch isSelected={email.weekly_performance_report} onChange={(on) => mail({ weekly_performance_report: on })} mark={mark("email_notifications.weekly_performance_report")} help={`On Mondays. ${at}`}>
            Weekly report
          </Switch>
          <Switch isSelected={email.monthly_business_review} onChange={(on) => mail({ monthly_business_review: on })} mark={mark("email_notifications.monthly_business_review")} help={`On the first of the month. ${at}`}>
            Monthly review
          </Switch>
          <Switch isSelected={email.system_maintenance} onChange={(on) => mail({ system_maintenance: on })} mark={mark("email_notifications.system_maintenance")} help="Also when calling stops by itself, a calendar cannot be read, or a webhook of yours was switched off.">
            Maintenance and disruptions
          </Switch>
          <Switch isSelected={false} isDisabled help="Not available: reports here are ready at once, there is nothing to wait for.">
            A report of yours is ready
          </Switch>
          <Switch isSelected={false} isDisabled help="Not available: nothing new is announced by email yet.">
            News about VioConcierge
          </Switch>
        </div>
      </Panel>
      <Panel title="By text message">
        <div className={css.fields}>
          <Switch
            isSelected={sms.enable_sms && !noPhone}
            isDisabled={noPhone}
            onChange={(on) => text({ enable_sms: on })}
            mark={mark("sms_notifications.enable_sms")}
            error={errors["sms_notifications.enable_sms"]}
            help={
              noPhone ? (
                <>
                  Needs a phone number. <Link to="/account/$section" params={{ section: "profile" }}>Enter yours in your profile</Link> first.
                </>
              ) : sms.unavailable === "not_set_up" ? (
                "Your business sends no text messages yet: an administrator sets them up under Integrations."
              ) : undefined
            }
          >
            Alerts by text message
          </Switch>
          <Switch isSelected={sms.critical_system_alerts} isDisabled={silent} onChange={(on) => text({ critical_system_alerts: on })} mark={mark("sms_notifications.critical_system_alerts")}>
            Calling stops, or a calendar fails
          </Switch>
          <Switch isSelected={sms.high_volume_call_failures} isDisabled={silent} onChange={(on) => text({ high_volume_call_failures: on })} mark={mark("sms_notifications.high_volume_call_failures")}>
            Many calls fail
          </Switch>
          <Switch isSelected={sms.usage_limit_alerts} isDisabled={silent} onChange={(on) => text({ usage_limit_alerts: on })} mark={mark("sms_notifications.usage_limit_alerts")}>
            The day's calls or messages are nearly used up
          </Switch>
        </div>
      </Panel>
      <Panel title="In the console">
        <div className={css.fields}>
          <Switch isSelected={inApp.contact_confirmations} onChange={(on) => here({ contact_confirmations: on })} mark={mark("in_app_notifications.contact_confirmations")}>
            Somebody confirms, cancels or moves their appointment
          </Switch>
          <Switch isSelected={inApp.call_status_updates} onChange={(on) => here({ call_status_updates: on })} mark={mark("in_app_notifications.call_status_updates")} help="Also campaigns that end, and what needs attention.">
            Calls
          </Switch>
          <Switch isSelected={inApp.system_performance} onChange={(on) => here({ system_performance: on })} mark={mark("in_app_notifications.system_performance")}>
            Disruptions and limits
          </Switch>
          <Row>
            <SelectField
              label="Where they appear"
              value={inApp.notification_position}
              options={options({ top_right: "Top right", top_left: "Top left", bottom_right: "Bottom right", bottom_left: "Bottom left" })}
              onChange={(choice) => here({ notification_position: choice })}
              mark={mark("in_app_notifications.notification_position")}
            />
            <SelectField
              label="For how long"
              value={String(inApp.notification_duration)}
              options={["3", "5", "10", "0"].map((each) => ({ id: each, name: each === "0" ? "Until you close them" : `${each} seconds` }))}
              onChange={(choice) => here({ notification_duration: Number(choice) })}
              mark={mark("in_app_notifications.notification_duration")}
            />
          </Row>
        </div>
      </Panel>
    </>
  );
}
