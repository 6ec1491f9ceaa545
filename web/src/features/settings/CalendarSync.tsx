import { useMutation, useQuery } from "@tanstack/react-query";
import { CalendarClock, PlugZap } from "lucide-react";
import type { ReactNode } from "react";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { ago, dayAndTime } from "@/lib/time";
import { Button } from "@/ui/Button";
import { ErrorNote, Hint } from "@/ui/Notes";
import { Facts } from "@/ui/Panel";
import { useSay } from "@/ui/say";
import { syncQuery } from "./connections";
import css from "./settings.module.css";

type Tried = Schemas["ConnectionTest"];

const tries = {
  calcom: () => body(api.POST("/api/settings/integrations/calcom/test")),
  calendly: () => body(api.POST("/api/settings/integrations/calendly/test")),
  email: () => body(api.POST("/api/settings/integrations/email/test")),
  retell: () => body(api.POST("/api/settings/integrations/retell/test")),
  twilio: () => body(api.POST("/api/settings/integrations/twilio/test")),
};

/** Beside what saves the connection: asks the provider with what is saved, and says in its sentence what is wrong. */
export function ConnectionTest({ provider, children, shown }: { provider: keyof typeof tries; children: ReactNode; shown: boolean }) {
  const zone = useZone();
  const test = useMutation({ mutationFn: tries[provider] });
  const tried: Tried | undefined = test.data;
  useSay(`test of ${provider}`, tried?.message ?? "");
  return (
    <div className={css.test}>
      <div className={css.both}>
        {children}
        {shown && (
          <Button icon={PlugZap} isPending={test.isPending} onPress={() => test.mutate()}>
            Test the connection
          </Button>
        )}
      </div>
      {test.isError && <ErrorNote error={test.error} what="The connection could not be tested." />}
      {tried && <Hint tone={tried.outcome === "works" ? "neutral" : "attention"}>{tried.message}</Hint>}
      {tried && tried.samples.length > 0 && (
        <Facts rows={tried.samples.map((sample) => [sample.event_type ?? "Booking", `${sample.start ? dayAndTime(new Date(sample.start), zone, now()) : "no time"}, ${sample.status ?? "status unknown"}`])} />
      )}
    </div>
  );
}

const WEBHOOK = { active: "tells us at once", disabled: "switched off by the calendar", missing: "not there", refused: "not allowed" } as const;

/** How a calendar is doing: when it was read, what came of it, what went wrong. */
export function CalendarSync({ calendar: which }: { calendar: "calcom" | "calendly" }) {
  const zone = useZone();
  const found = useQuery({ ...syncQuery, refetchInterval: 30_000 });
  if (found.isError) return <ErrorNote error={found.error} what="Could not load how the calendar is doing." retry={() => void found.refetch()} />;
  const calendar = found.data?.[which];
  if (!calendar?.connected) return null;
  return (
    <div className={css.test}>
      <h3>
        <CalendarClock size={16} aria-hidden /> Bookings
      </h3>
      {calendar.trouble && <Hint tone="attention">{calendar.trouble.message}</Hint>}
      <Facts
        rows={[
          ["Last read", calendar.last_sync ? ago(new Date(calendar.last_sync), zone, now()) : "not yet"],
          ["Next", calendar.next_sync ? dayAndTime(new Date(calendar.next_sync), zone, now()) : "–"],
          ["Taken in today", String(calendar.imported_today)],
          ["In all", String(calendar.imported_total)],
          ...(calendar.failed_total > 0 ? [["Not taken in", String(calendar.failed_total)] as [string, string]] : []),
          ...(calendar.ignored_total > 0 ? [["Of kinds not chosen", String(calendar.ignored_total)] as [string, string]] : []),
          ...(calendar.webhook ? [["Webhook", WEBHOOK[calendar.webhook]] as [string, string]] : []),
        ]}
      />
      {calendar.failures.length > 0 && (
        <details>
          <summary>What went wrong lately</summary>
          <ul className={css.failures}>
            {calendar.failures.map((failure) => (
              <li key={failure.at}>
                {dayAndTime(new Date(failure.at), zone, now())}: {failure.message}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
