import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { Button } from "@/ui/Button";
import { Checkbox, Row, SelectField, Switch, TextField } from "@/ui/Field";
import { ErrorNote, Hint, Skeleton } from "@/ui/Notes";
import { BookingFields, changedPlaces } from "./BookingFields";
import { CalendarSync, ConnectionTest } from "./CalendarSync";
import { Provider, useSave } from "./Provider";
import css from "./settings.module.css";

type Calcom = Schemas["IntegrationsView"]["calcom"];
type Calendly = Schemas["IntegrationsView"]["calendly"];
type Handling = Schemas["DuplicateHandling"];

const HANDLING: { id: Handling; name: string }[] = [
  { id: "update_existing", name: "Add the appointment to them" },
  { id: "ask_user", name: "Add a new contact and ask staff" },
  { id: "create_new", name: "Always add a new contact" },
  { id: "skip_duplicates", name: "Leave the booking out" },
];

const WORDS = {
  calcom: {
    title: "Cal.com, the calendar",
    take: "Take bookings from Cal.com",
    email: "Organizer’s email",
    key: "API key",
    secret: "Webhook secret",
    noSecret: undefined,
    told: undefined,
  },
  calendly: {
    title: "Calendly, the calendar",
    take: "Take bookings from Calendly",
    email: "Account’s email",
    key: "Personal access token",
    secret: "Webhook signing key",
    noSecret: "Leave empty to have one made.",
    told: "Calendly sends bookings to this address; it is told so once the token is saved:",
  },
} as const;

type Shown = { calendar: "calcom"; view: Calcom } | { calendar: "calendly"; view: Calendly };

/** One of the calendars that bookings come from. */
export function CalendarPanel({ etag, ...shown }: Shown & { etag: string }) {
  const { calendar, view } = shown;
  const words = WORDS[calendar];
  const { save, refusal, errors } = useSave(etag);
  const savedSecret = shown.calendar === "calcom" ? shown.view.webhook_secret : shown.view.webhook_signing_key;
  const savedTypes = shown.calendar === "calendly" ? shown.view.event_types : [];
  const [enabled, setEnabled] = useState(view.enabled);
  const [email, setEmail] = useState(view.organizer_email ?? "");
  const [key, setKey] = useState("");
  const [secret, setSecret] = useState("");
  const [hours, setHours] = useState(String(view.call_before_hours ?? ""));
  const [mapping, setMapping] = useState(view.field_mapping);
  const [auto, setAuto] = useState(view.auto_create_contacts);
  const [handling, setHandling] = useState<Handling>(view.duplicate_handling);
  const [types, setTypes] = useState(savedTypes);
  const places = changedPlaces(view.field_mapping, mapping);
  const before = hours.trim() === "" ? null : Number(hours);
  const otherTypes = types.length !== savedTypes.length || types.some((uri) => !savedTypes.includes(uri));
  const changed =
    enabled !== view.enabled ||
    email !== (view.organizer_email ?? "") ||
    key !== "" ||
    secret !== "" ||
    before !== (view.call_before_hours ?? null) ||
    auto !== view.auto_create_contacts ||
    handling !== view.duplicate_handling ||
    otherTypes ||
    Object.keys(places).length > 0;
  const common = { enabled, organizer_email: email.trim() || null, call_before_hours: before, field_mapping: places, auto_create_contacts: auto, duplicate_handling: handling, ...(key && { api_key: key }) };
  const patch = calendar === "calcom" ? { calcom: { ...common, ...(secret && { webhook_secret: secret }) } } : { calendly: { ...common, ...(secret && { webhook_signing_key: secret }), ...(otherTypes && { event_types: types }) } };
  const secretField = calendar === "calcom" ? "calcom.webhook_secret" : "calendly.webhook_signing_key";
  return (
    <Provider title={words.title} configured={view.configured} off={!view.enabled} problems={view.problems} lastSync={view.last_sync} url={view.webhook_url} refusal={refusal} {...(words.told && { told: words.told })}>
      <Switch isSelected={enabled} onChange={setEnabled}>
        {words.take}
      </Switch>
      <Row>
        <TextField label={words.email} type="email" value={email} onChange={setEmail} error={errors[`${calendar}.organizer_email`]} autoComplete="off" />
        <TextField label="Call so many hours before" type="number" value={hours} onChange={setHours} error={errors[`${calendar}.call_before_hours`]} autoComplete="off" help="Empty: as for other appointments." />
      </Row>
      <Row>
        <TextField label={words.key} type="password" value={key} onChange={setKey} error={errors[`${calendar}.api_key`]} autoComplete="off" placeholder={view.api_key ?? ""} help={view.api_key ? "Leave empty to keep it." : undefined} />
        <TextField label={words.secret} type="password" value={secret} onChange={setSecret} error={errors[secretField]} autoComplete="off" placeholder={savedSecret ?? ""} help={savedSecret ? "Leave empty to keep it. A replaced one is good for 24 hours." : words.noSecret} />
      </Row>
      {calendar === "calendly" && view.api_key && <EventTypes chosen={types} onChange={setTypes} />}
      <Switch isSelected={auto} onChange={setAuto} help="Off: a booking of somebody new is recorded, and adds nobody.">
        Add a contact for a booking of somebody new
      </Switch>
      <SelectField label="Where the person may be a contact already" options={HANDLING} value={handling} onChange={(id) => setHandling(id as Handling)} />
      <BookingFields calendar={calendar} value={mapping} onChange={setMapping} errors={errors} />
      <ConnectionTest provider={calendar} shown={view.configured}>
        <Button look="primary" isDisabled={!changed} isPending={save.isPending} onPress={() => save.mutate(patch)}>
          Save
        </Button>
      </ConnectionTest>
      <CalendarSync calendar={calendar} />
    </Provider>
  );
}

/** What can be booked with the account, to choose from; nothing chosen means all of it. */
function EventTypes({ chosen, onChange }: { chosen: string[]; onChange: (chosen: string[]) => void }) {
  const found = useQuery({ queryKey: ["settings", "integrations", "calendly", "event-types"], queryFn: () => body(api.GET("/api/settings/integrations/calendly/event-types")) });
  if (found.isError) return <ErrorNote error={found.error} what="Could not load what can be booked." retry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton rows={2} />;
  const { outcome, message, event_types: types } = found.data;
  if (outcome !== "works") return <Hint tone="attention">{message}</Hint>;
  return (
    <fieldset className={css.types}>
      <legend>Kinds of event</legend>
      <p className="muted">Choose whose bookings are taken; none chosen means all.</p>
      {types.map((type) => (
        <Checkbox key={type.uri} isSelected={chosen.includes(type.uri)} onChange={(on) => onChange(on ? [...chosen, type.uri] : chosen.filter((uri) => uri !== type.uri))}>
          {type.name ?? "Without a name"}
          {type.duration_minutes ? `, ${type.duration_minutes} minutes` : ""}
          {type.active ? "" : " (switched off)"}
        </Checkbox>
      ))}
    </fieldset>
  );
}
