import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, versioned, type Schemas } from "@/api/client";
import { TimeField } from "@/ui/DateTime";
import { MarkBadge, Row, SelectField, Switch, TextField } from "@/ui/Field";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { capital } from "@/lib/words";
import { PhoneRegions } from "./PhoneRegions";
import { SaveState } from "./SaveState";
import css from "./settings.module.css";
import { useAutoSave } from "./useAutoSave";

type View = Schemas["BusinessView"];
type Patch = Schemas["BusinessPatch"];

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

/** Name, address, zone and opening hours. */
export function Business() {
  const client = useQueryClient();
  const state = useAutoSave<View, Patch>({
    key: ["settings", "business"],
    read: () => versioned(api.GET("/api/users/business")),
    write: (patch, etag) => versioned(api.PATCH("/api/users/business", { params: { header: { "If-Match": etag } }, body: patch })),
  });
  const { value, set, mark, errors, query, savedAt } = state;
  useEffect(() => {
    if (savedAt) void client.invalidateQueries({ queryKey: ["business"] });
  }, [savedAt, client]);
  if (query.isLoadingError) return <ErrorNote error={query.error} what="Could not load your business." retry={() => void query.refetch()} />;
  if (!value) return <Skeleton rows={6} />;
  const text = (key: "company_legal_name" | "business_trading_name" | "primary_phone" | "business_email" | "website_url" | "street_address" | "city" | "county_state" | "postal_code", label: string, help?: string) => (
    <TextField label={label} value={value[key] ?? ""} onChange={(next) => set({ [key]: next || null })} mark={mark(key)} error={errors[key]} help={help} optional={key !== "company_legal_name"} />
  );
  const schedule = value.business_hours.operating_schedule;
  return (
    <>
      <div className={css.head}>
        <h2>Business</h2>
        <SaveState state={state} />
      </div>
      <Panel title="Name and contact">
        <div className={css.fields}>
          <Row>
            {text("company_legal_name", "Legal name")}
            {text("business_trading_name", "Spoken name", "Said on the call, where it differs.")}
          </Row>
          <SelectField
            label="Kind of business"
            value={value.business_type}
            options={["medical", "salon", "restaurant", "consultant", "general"].map((each) => ({ id: each, name: capital(each) }))}
            onChange={(business_type) => set({ business_type })}
            mark={mark("business_type")}
            help="Decides the words of the console and its forms."
          />
          <Row>
            {text("primary_phone", "Phone", "The number people are told to call.")}
            {text("business_email", "Email")}
            {text("website_url", "Website")}
          </Row>
          {text("street_address", "Street")}
          <Row>
            {text("city", "City")}
            {text("county_state", "County")}
            {text("postal_code", "Postcode")}
          </Row>
          <TextField label="Time zone" value={value.timezone} onChange={(timezone) => set({ timezone })} mark={mark("timezone")} error={errors.timezone} help="Such as Europe/London." />
        </div>
      </Panel>
      <Panel title="Phone numbers">
        <div className={css.fields}>
          <PhoneRegions regions={value.accepted_phone_regions} onChange={(accepted_phone_regions) => set({ accepted_phone_regions })} mark={mark("accepted_phone_regions")} error={errors.accepted_phone_regions} />
        </div>
      </Panel>
      {schedule && (
        <Panel title="Opening hours">
          {DAYS.map((day) => (
            <div key={day} className={css.day}>
              <span className={css.named}>
                <b>{capital(day)}</b>
                <MarkBadge mark={mark(`business_hours.operating_schedule.${day}`)} />
              </span>
              <Switch isSelected={!schedule[day].closed} onChange={(open) => set({ business_hours: { operating_schedule: { [day]: { closed: !open } } } })}>
                {schedule[day].closed ? "Closed" : "Open"}
              </Switch>
              {schedule[day].closed ? (
                <span />
              ) : (
                <div className={css.times}>
                  <TimeField label={`${capital(day)} from`} value={schedule[day].open} onChange={(open) => open && set({ business_hours: { operating_schedule: { [day]: { open } } } })} error={errors[`business_hours.operating_schedule.${day}.open`]} />
                  <TimeField label={`${capital(day)} until`} value={schedule[day].close} onChange={(close) => close && set({ business_hours: { operating_schedule: { [day]: { close } } } })} error={errors[`business_hours.operating_schedule.${day}.close`]} />
                </div>
              )}
            </div>
          ))}
        </Panel>
      )}
    </>
  );
}
