import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { MonitorSmartphone } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { useZone } from "@/features/session/business";
import { agoWithin } from "@/lib/time";
import { Badge, IconTile } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Row, TextField } from "@/ui/Field";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { toast } from "@/ui/toast";
import css from "./settings.module.css";

export function Security() {
  return (
    <>
      <div className={css.head}>
        <h2>Security</h2>
      </div>
      <Password />
      <Devices />
    </>
  );
}

function Password() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation({
    mutationFn: () => api.POST("/api/auth/password", { body: { current_password: current, new_password: next } }),
    onSuccess: () => {
      setCurrent("");
      setNext("");
      toast("Password changed. Your other devices are signed out.");
    },
  });
  const refusal = change.error instanceof Refusal ? change.error : null;
  const errors = byField(refusal);
  return (
    <Panel title="Password">
      <form
        className={css.fields}
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        {refusal && refusal.fields.length === 0 && <ErrorNote error={refusal} what="Not changed." />}
        <Row>
          <TextField label="Present password" type="password" autoComplete="current-password" value={current} onChange={setCurrent} error={errors.current_password} isRequired />
          <TextField label="New password" type="password" autoComplete="new-password" value={next} onChange={setNext} error={errors.new_password} isRequired />
        </Row>
        <div>
          <Button type="submit" isDisabled={!current || !next} isPending={change.isPending}>
            Change password
          </Button>
        </div>
      </form>
    </Panel>
  );
}

function Devices() {
  const client = useQueryClient();
  const zone = useZone();
  const devices = useQuery({ queryKey: ["devices"], queryFn: () => body(api.GET("/api/auth/sessions")) });
  const again = () => void client.invalidateQueries({ queryKey: ["devices"] });
  const one = useMutation({ mutationFn: (id: string) => api.DELETE("/api/auth/sessions/{session_id}", { params: { path: { session_id: id } } }), onSettled: again });
  const others = useMutation({ mutationFn: () => api.DELETE("/api/auth/sessions", { params: { query: { others: true } } }), onSuccess: () => toast("All other devices are signed out."), onSettled: again });
  const list = devices.data?.sessions ?? [];
  return (
    <Panel
      title="Where you are signed in"
      aside={
        list.length > 1 && (
          <Button small isPending={others.isPending} onPress={() => others.mutate()}>
            Sign out everywhere else
          </Button>
        )
      }
    >
      {devices.isPending && <Skeleton rows={2} />}
      {devices.isError && <ErrorNote error={devices.error} what="Could not load the devices." retry={() => void devices.refetch()} />}
      {others.error && (
        <div className={css.above}>
          <ErrorNote error={others.error} what="The other devices are still signed in." onClose={others.reset} />
        </div>
      )}
      <ul className={css.rows}>
        {list.map((each) => (
          <li key={each.id}>
            <IconTile icon={MonitorSmartphone} />
            <span className={css.grow}>
              <b>{device(each.device)}</b> <span className="muted">{each.ip_address}</span>
            </span>
            {each.current ? (
              <Badge tone="confirmed">This device</Badge>
            ) : (
              <>
                <span className="faint">Used {agoWithin(new Date(each.last_active), zone, now())}</span>
                <Button small onPress={() => one.mutate(each.id)}>
                  Sign out
                </Button>
              </>
            )}
            {one.error && one.variables === each.id && (
              <div className={css.refused}>
                <ErrorNote error={one.error} what="Still signed in there." onClose={one.reset} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** `Chrome on Windows` of what a browser calls itself. */
function device(agent: string | null | undefined): string {
  if (!agent) return "Unknown device";
  const browser = /Edg\//.test(agent) ? "Edge" : /Firefox\//.test(agent) ? "Firefox" : /Chrome\//.test(agent) ? "Chrome" : /Safari\//.test(agent) ? "Safari" : null;
  const system = /Windows/.test(agent) ? "Windows" : /Android/.test(agent) ? "Android" : /iPhone|iPad/.test(agent) ? "iOS" : /Mac OS/.test(agent) ? "macOS" : /Linux/.test(agent) ? "Linux" : null;
  return browser ? `${browser}${system ? ` on ${system}` : ""}` : (agent.split("/")[0] ?? agent);
}
