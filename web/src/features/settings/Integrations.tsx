import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { Button } from "@/ui/Button";
import { Row, Switch, TextField } from "@/ui/Field";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { CalendarPanel } from "./Calendars";
import { ConnectionTest } from "./CalendarSync";
import { connectionsQuery } from "./connections";
import { Provider, useSave } from "./Provider";
import css from "./settings.module.css";

type View = Schemas["IntegrationsView"];

/** The phone provider, the calendars, text messages and email. Secrets go in and never come out. */
export function Integrations() {
  const found = useQuery(connectionsQuery);
  if (found.isLoadingError) return <ErrorNote error={found.error} what="Could not load the integrations." retry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton rows={5} />;
  const { value, etag } = found.data;
  return (
    <>
      <div className={css.head}>
        <h2>Integrations</h2>
      </div>
      <Retell key={`r${etag}`} view={value.retell} etag={etag} />
      <CalendarPanel key={`c${etag}`} calendar="calcom" view={value.calcom} etag={etag} />
      <CalendarPanel key={`y${etag}`} calendar="calendly" view={value.calendly} etag={etag} />
      <Twilio key={`t${etag}`} view={value.twilio} etag={etag} />
      <Email key={`e${etag}`} view={value.email} etag={etag} />
    </>
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
      <ConnectionTest provider="retell" shown={view.configured}>
        <Button look="primary" isDisabled={!changed} isPending={save.isPending} onPress={() => save.mutate({ retell: { agent_id: agent.trim() || null, from_number: from.trim() || null, ...(key && { api_key: key }) } })}>
          Save
        </Button>
      </ConnectionTest>
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
    <Provider title="Twilio, for text messages" configured={view.configured} off={!view.enabled} problems={view.problems} lastSync={view.last_sync} url={view.webhook_url} refusal={refusal}>
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
      <ConnectionTest provider="twilio" shown={view.configured}>
        <Button look="primary" isDisabled={!changed} isPending={save.isPending} onPress={() => save.mutate({ twilio: patch })}>
          Save
        </Button>
      </ConnectionTest>
    </Provider>
  );
}

function Email({ view, etag }: { view: View["email"]; etag: string }) {
  const { save, refusal, errors } = useSave(etag);
  const [enabled, setEnabled] = useState(view.enabled);
  const [replyTo, setReplyTo] = useState(view.reply_to ?? "");
  const changed = enabled !== view.enabled || replyTo !== (view.reply_to ?? "");
  return (
    <Provider title="Email" configured={view.configured} off={!view.enabled} problems={view.problems} lastSync={null} url={view.sender ?? ""} refusal={refusal} told="Emails come from this address, under the name of your business:">
      <Switch isSelected={enabled} isDisabled={!view.sender && !enabled} onChange={setEnabled} error={errors["email.enabled"]} help={view.sender ? undefined : "This installation sends no email yet. Ask its operator."}>
        Send emails to those who opted in
      </Switch>
      <TextField label="Address for answers" type="email" value={replyTo} onChange={setReplyTo} error={errors["email.reply_to"]} autoComplete="off" help="Left empty, emails ask people to call you." />
      <ConnectionTest provider="email" shown={view.configured}>
        <Button look="primary" isDisabled={!changed} isPending={save.isPending} onPress={() => save.mutate({ email: { enabled, reply_to: replyTo.trim() || null } })}>
          Save
        </Button>
      </ConnectionTest>
    </Provider>
  );
}
