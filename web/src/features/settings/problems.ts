import { useQuery } from "@tanstack/react-query";
import type { Schemas } from "@/api/client";
import { useLimits } from "@/features/calls/queries";
import { useMay } from "@/features/session/use";
import { joined } from "@/lib/words";
import { connectionsQuery, syncQuery } from "./connections";

type Connections = Schemas["IntegrationsView"];

const NAME = { retell: "the phone provider", calcom: "Cal.com", calendly: "Calendly", twilio: "text messages", email: "email" } as const satisfies Record<keyof Connections, string>;

/** What the phone provider itself refuses, until somebody sets it right. */
const REFUSED = new Set(["payment_needed", "credentials_refused", "account_unusable", "unknown_agent_or_number"]);

interface Known {
  connections?: Connections | undefined;
  sync?: Schemas["IntegrationsStatus"] | undefined;
  paused?: Schemas["CallingPause"] | null | undefined;
}

/** The connections that need somebody: not set up although wanted, refused, or failing. What is switched off needs nobody. */
export function troubled({ connections, sync, paused }: Known): string[] {
  return (Object.keys(NAME) as (keyof Connections)[])
    .filter((each) => (connections?.[each].problems.length ?? 0) > 0 || ((each === "calcom" || each === "calendly") && sync?.[each].trouble) || (each === "retell" && paused && REFUSED.has(paused.reason)))
    .map((each) => NAME[each]);
}

/** What of a section of the settings needs this user, in words; nobody is sent to what they may not change. */
export function useProblems(): { integrations?: string } {
  const enabled = useMay()("configure_integrations");
  const connections = useQuery({ ...connectionsQuery, staleTime: 5 * 60_000, enabled }).data?.value;
  const sync = useQuery({ ...syncQuery, refetchInterval: 5 * 60_000, enabled }).data;
  const paused = useLimits().data?.paused;
  const list = enabled ? troubled({ connections, sync, paused }) : [];
  return list.length > 0 ? { integrations: `needs attention: ${joined(list)}` } : {};
}
