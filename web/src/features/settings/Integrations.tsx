import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Copy, TriangleAlert } from "lucide-react";
import { useState, type ReactNode } from "react";
import { api, versioned, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { useZone } from "@/features/session/business";
import { ago } from "@/lib/time";
import { Badge } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import { Row, Switch, TextField } from "@/ui/Field";
import { ErrorNote, Hint, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { toast } from "@/ui/toast";
import { CalcomFields, changedPlaces } from "./CalcomFields";
import { CalendarSync, ConnectionTest } from "./CalendarSync";
import css from "./settings.module.css";

type View = Schemas["IntegrationsView"];
type Patch = Schemas["IntegrationsPatch"];

/** The phone provider, the calendar and text messages. Secrets go in and never come out. */
export function Integrations() {
  const found = useQuery({ queryKey: ["settings", "integrations"], queryFn: () => versioned(api.GET("/api/settings/integrations")) });
  if (found.isLoadingError) return <ErrorNote error={found.error} what="Could not load the integrations." retry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton rows={5} />;
  const { value, etag } = found.data;
  return (
    <>
      <div className={css.head}>
        <h2>Integrations</h2>
      </div>
      <Retell key={`r${etag}`} view={value.retell} etag={etag} />
      <Calcom key={`c${etag}`} view={value.calcom} etag={etag} />
      <Twilio key={`t${etag}`} view={value.twilio} etag={etag} />
    </>
  );
}

function useSave(etag: string) {
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (patch: Patch) => versioned(api.PATCH("/api/settings/integrations", { params: { header: { "If-Match": etag } }, body: patch })),
    onSuccess: (answer) => {
      client.setQueryData(["settings", "integrations"], answer);
      toast("Saved.");
    },
    onError: (error) => {
      if (error instanceof Refusal && error.status === 412) void client.invalidateQueries({ queryKey: ["settings", "integrations"] });
    },
  });
  const refusal = save.error instanceof Refusal ? save.error : null;
  return { save, refusal, errors: byField(refusal) };
}

function Provider({ title, configured, problems, lastSync, url, refusal, children }: { title: string; configured: boolean; problems: string[]; lastSync: string | null | undefined; url: string; refusal: Refusal | null; children: ReactNode }) {
  const zone = useZone();
  return (
    <Panel
      title={title}
      aside={
        configured && problems.length === 0 ? (
          <Badge tone="confirmed" icon={Check}>
            Working
          </Badge>
        ) : (
          <Badge tone="attention" icon={TriangleAlert}>
            {configured ? "Has a problem" : "Not set up"}
          </Badge>
        )
      }
    >
      <div className={css.fields}>
        {problems.map((each) => (
          <Hint key={each} tone="attention">
            {each}
          </Hint>
        ))}
        {refusal && <ErrorNote error={refusal} what={refusal.status === 412 ? "A colleague changed this a moment ago. You see theirs now." : "Not saved."} />}
        {children}
        <div>
          <p className="muted">Give this address to the provider for its webhooks:</p>
          <p className={css.mono}>
            <span className="code">{url}</span> <IconButton icon={Copy} label="Copy the address" onPress={() => void navigator.clipboard.writeText(url)} />
          </p>
          {lastSync && <p className="faint">Last heard from {ago(new Date(lastSync), zone, now())}.</p>}
        </div>
      </div>
    </Panel>
  );
}

function Retell({ view, etag }: { view: View["retell"]; etag: string }) {
  const { save, refusal, errors } = useSave(etag);
  const [agent, setAgent] = useState(view.agent_id ?? "");
  const [from, setFrom] = useState(view.from_number ?? "");
  const [key, setKey] = useState("");
  const changed = agent !== (view.agent_id ?? "") || from !== (view.from_number ?? "") || key !== "";
  return (
    <Provider title="Retell, the phone provider" configured={view.configured} problems={view.problems} lastSync={view.last_sync} url={view.webhook_url} refusal={refusal}>
      <Row>
        <TextField label="Agent" value={agent} onChange={setAgent} error={errors["retell.agent_id"]} autoComplete="off" />
        <TextField label="Caller number" type="tel" value={from} onChange={setFrom} error={errors["retell.from_number"]} autoComplete="off" />
      </Row>
      <TextField label="API key" type="password" value={key} onChange={setKey} error={errors["retell.api_key"]} autoComplete="off" placeholder={view.api_key ?? ""} help={view.api_key ? "Leave empty to keep the present key." : undefined} />
      <div>
        <Button look="primary" isDisabled={!changed} isPending={save.isPending} onPress={() => save.mutate({ retell: { agent_id: agent.trim() || null, from_number: from.trim() || null, ...(key && { api_key: key }) } })}>
          Save
        </Button>
      </div>
      {view.configured && <ConnectionTest provider="retell" />}
    </Provider>
  );
}

function Calcom({ view, etag }: { view: View["calcom"]; etag: string }) {
  const { save, refusal, errors } = useSave(etag);
  const [enabled, setEnabled] = useState(view.enabled);
  const [email, setEmail] = useState(view.organizer_email ?? "");
  const [key, setKey] = useState("");
  const [secret, setSecret] = useState("");
  const [hours, setHours] = useState(String(view.call_before_hours ?? ""));
  const [mapping, setMapping] = useState(view.field_mapping);
  const places = changedPlaces(view.field_mapping, mapping);
  const before = hours.trim() === "" ? null : Number(hours);
  const changed = enabled !== view.enabled || email !== (view.organizer_email ?? "") || key !== "" || secret !== "" || before !== (view.call_before_hours ?? null) || Object.keys(places).length > 0;
  const patch = { enabled, organizer_email: email.trim() || null, call_before_hours: before, field_mapping: places, ...(key && { api_key: key }), ...(secret && { webhook_secret: secret }) };
  return (
    <Provider title="Cal.com, the calendar" configured={view.configured || !view.enabled} problems={view.problems} lastSync={view.last_sync} url={view.webhook_url} refusal={refusal}>
      <Switch isSelected={enabled} onChange={setEnabled}>
        Take bookings from Cal.com
      </Switch>
      <Row>
        <TextField label="Organizer’s email" type="email" value={email} onChange={setEmail} error={errors["calcom.organizer_email"]} autoComplete="off" />
        <TextField label="Call so many hours before" type="number" value={hours} onChange={setHours} error={errors["calcom.call_before_hours"]} autoComplete="off" help="Empty: as for other appointments." />
      </Row>
      <Row>
        <TextField label="API key" type="password" value={key} onChange={setKey} error={errors["calcom.api_key"]} autoComplete="off" placeholder={view.api_key ?? ""} help={view.api_key ? "Leave empty to keep it." : undefined} />
        <TextField label="Webhook secret" type="password" value={secret} onChange={setSecret} error={errors["calcom.webhook_secret"]} autoComplete="off" placeholder={view.webhook_secret ?? ""} help={view.webhook_secret ? "Leave empty to keep it. A replaced one is good for 24 hours." : undefined} />
      </Row>
      <CalcomFields value={mapping} onChange={setMapping} errors={errors} />
      <div>
        <Button look="primary" isDisabled={!changed} isPending={save.isPending} onPress={() => save.mutate({ calcom: patch })}>
          Save
        </Button>
      </div>
      {view.configured && <ConnectionTest provider="calcom" />}
      <CalendarSync />
    </Provider>
  );
}

function Twilio({ view, etag }: { view: View["twilio"]; etag: string }) {
  const { save, refusal, errors } = useSave(etag);
  const [enabled, setEnabled] = useState(view.enabled);
  const [sid, setSid] = useState(view.account_sid ?? "");
  const [from, setFrom] = useState(view.from_number ?? "");
  const [token, setToken] = useState("");
  const [ends, setEnds] = useState(view.stop_ends_calls);
  const changed = enabled !== view.enabled || sid !== (view.account_sid ?? "") || from !== (view.from_number ?? "") || token !== "" || ends !== view.stop_ends_calls;
  const patch = { enabled, account_sid: sid.trim() || null, from_number: from.trim() || null, stop_ends_calls: ends, ...(token && { auth_token: token }) };
  return (
    <Provider title="Twilio, for text messages" configured={view.configured || !view.enabled} problems={view.problems} lastSync={view.last_sync} url={view.webhook_url} refusal={refusal}>
      <Switch isSelected={enabled} onChange={setEnabled}>
        Send text messages to those who opted in
      </Switch>
      <Row>
        <TextField label="Account SID" value={sid} onChange={setSid} error={errors["twilio.account_sid"]} autoComplete="off" />
        <TextField label="Number to send from" type="tel" value={from} onChange={setFrom} error={errors["twilio.from_number"]} autoComplete="off" />
      </Row>
      <TextField label="Auth token" type="password" value={token} onChange={setToken} error={errors["twilio.auth_token"]} autoComplete="off" placeholder={view.auth_token ?? ""} help={view.auth_token ? "Leave empty to keep it." : undefined} />
      <Switch isSelected={ends} onChange={setEnds} help="Otherwise STOP ends messages alone.">
        Whoever answers STOP is not called either
      </Switch>
      <div>
        <Button look="primary" isDisabled={!changed} isPending={save.isPending} onPress={() => save.mutate({ twilio: patch })}>
          Save
        </Button>
      </div>
      {view.configured && <ConnectionTest provider="twilio" />}
    </Provider>
  );
}
