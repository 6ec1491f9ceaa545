import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Check, CirclePause, Copy, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { api, versioned, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { useZone } from "@/features/session/business";
import { agoWithin } from "@/lib/time";
import { Badge } from "@/ui/Badge";
import { IconButton } from "@/ui/Button";
import { ErrorNote, Hint } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { copy } from "@/ui/copy";
import { toast } from "@/ui/toast";
import { connectionsQuery } from "./connections";
import css from "./settings.module.css";

/** Saves a part of the connections, under the version that is shown. */
export function useSave(etag: string) {
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (patch: Schemas["IntegrationsPatch"]) => versioned(api.PATCH("/api/settings/integrations", { params: { header: { "If-Match": etag } }, body: patch })),
    onSuccess: (answer) => {
      client.setQueryData(connectionsQuery.queryKey, answer);
      toast("Saved.");
    },
    onError: (error) => {
      if (error instanceof Refusal && error.status === 412) void client.invalidateQueries({ queryKey: connectionsQuery.queryKey });
    },
  });
  const refusal = save.error instanceof Refusal ? save.error : null;
  return { save, refusal, errors: byField(refusal) };
}

/** One provider's connection: whether it is wanted and works, what is wrong, and where its webhooks go. */
export function Provider({ title, configured, off = false, problems, lastSync, url, refusal, told = "Give this address to the provider for its webhooks:", children }: { title: string; configured: boolean; off?: boolean; problems: string[]; lastSync: string | null | undefined; url: string; refusal: Refusal | null; told?: string; children: ReactNode }) {
  const zone = useZone();
  return (
    <Panel
      title={title}
      aside={
        problems.length === 0 && off ? (
          <Badge tone="neutral" icon={CirclePause}>
            Switched off
          </Badge>
        ) : configured && problems.length === 0 ? (
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
          {url && (
            <>
              <p className="muted">{told}</p>
              <p className={css.mono}>
                <span className="code">{url}</span> <IconButton icon={Copy} label="Copy the address" onPress={() => void copy(url)} />
              </p>
            </>
          )}
          {lastSync && <p className="faint">Last heard from {agoWithin(new Date(lastSync), zone, now())}.</p>}
        </div>
      </div>
    </Panel>
  );
}
