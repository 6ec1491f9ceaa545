import type { Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { ago } from "@/lib/time";

/** Why calling stopped by itself, by the API's word for it. */
export const WHY: Record<string, string | undefined> = {
  payment_needed: "The phone provider refused payment. Nobody is called until this is settled.",
  credentials_refused: "The phone provider does not accept the key.",
  account_unusable: "The phone provider forbids this account to call.",
  unknown_agent_or_number: "The phone provider does not know the agent or the number.",
  technical_failures: "Calling paused itself: too many calls failed for technical reasons.",
};

export function pauseWords(pause: Schemas["CallingPause"], zone: string, by: string | undefined): string {
  const since = ago(new Date(pause.since), zone, now());
  return WHY[pause.reason] ?? `Paused ${by ? `by ${by}` : "by a colleague"}, ${since}`;
}
