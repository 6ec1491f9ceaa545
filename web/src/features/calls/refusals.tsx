import type { ReactNode } from "react";
import { Refusal } from "@/api/problem";
import { now } from "@/api/clock";
import { dayAndTimeWithin } from "@/lib/time";
import { capital, count, joined } from "@/lib/words";
import { WHY } from "./pause";
import { localTime } from "./words";

export interface RefusalCopy {
  title: string;
  line: ReactNode;
  /** `wait` waits in line for a slot; `ring` dials by hand; the others lead to where the remedy is. */
  remedies: RefusalRemedy[];
}

export type RefusalRemedy = "wait" | "ring" | "consent" | "record" | "dnc" | "resume" | "integrations" | "edit" | "appointment" | "calls" | "history";

/** What is to be seen to where calling stopped by itself. */
const SEE_TO: Record<string, RefusalRemedy[]> = { credentials_refused: ["integrations"], unknown_agent_or_number: ["integrations"], technical_failures: ["history"] };

/** `3 of 3 attempts`, as the guard saw it, in the desk's words. */
function triesMade(seen: string | undefined): string | null {
  const made = Number(/^\d+(?= of )/.exec(seen ?? "")?.[0] ?? NaN);
  return Number.isNaN(made) ? null : `${count(made, "try", "tries")} ${made === 1 ? "was" : "were"} made for this appointment.`;
}

const SET_UP: Record<string, string> = { "retell.agent_id": "the agent", "retell.from_number": "the caller number", "retell.api_key": "the key" };

/** What of the set-up is missing: `The agent and the caller number are missing.` */
function missingWords(missing: string[]): string {
  const parts = missing.map((each) => SET_UP[each]).filter((each) => each !== undefined);
  return parts.length === 0 ? "A part of it is missing." : `${capital(joined(parts))} ${parts.length === 1 ? "is" : "are"} missing.`;
}

/** Each refusal of a call in the desk's words: what happened, why with what was seen, what to do now. */
export function refusalCopy(refusal: Refusal, name: string, zone: string): RefusalCopy {
  const at = refusal.nextAllowedAt;
  const when = at ? dayAndTimeWithin(new Date(at), zone, now()) : undefined;
  const paused = refusal.text("reason") ?? "";
  const seen = refusal.decision.find((each) => !each.passed)?.saw;
  switch (refusal.slug) {
    case "called-recently":
      return { title: "Not called: too soon after the last call", line: <>Calls you start yourself must be 8 hours apart.{when && <> Vio may call {name} again from {when}.</>}</>, remedies: ["ring"] };
    case "outside-call-hours":
      return {
        title: "Not called: outside your calling hours",
        line: (
          <>
            {seen ? `It is ${localTime(seen)} for ${name}.` : `Calls are not allowed at this time where ${name} is.`} {when && <>Calls are allowed again {when}.</>}
          </>
        ),
        remedies: ["ring"],
      };
    case "call-limit-reached":
      return { title: "All calls of these 15 minutes are used", line: <>{when ? <>The next call is free about {when}. {name} can be first in line.</> : refusal.detail}</>, remedies: ["wait", "ring"] };
    case "daily-call-limit-reached":
      return { title: "No calls left today", line: <>The count starts again at midnight.{when && <> The next call is free {when}.</>}</>, remedies: ["wait", "ring"] };
    case "calling-paused":
      return { title: "Calling is paused", line: <>{WHY[paused] ?? "Somebody on your team paused it."} Nobody is called until calling is resumed.</>, remedies: [...(SEE_TO[paused] ?? []), "resume", "ring"] };
    case "consent-required":
      return { title: "Not called: consent is not recorded", line: <>Your business calls only people who agreed.</>, remedies: ["consent", "ring"] };
    case "do-not-contact":
      return { title: "Not called: marked do not contact", line: <>No channel is used for {name}.</>, remedies: ["record"] };
    case "do-not-call":
      return { title: "Not called: the number is on your do-not-call list", line: <>Take it off only if {name} asked for that.</>, remedies: ["dnc"] };
    case "attempts-exhausted":
      return { title: "Not called: all tries are used", line: <>{triesMade(seen) ?? refusal.detail}</>, remedies: ["ring"] };
    case "number-limit":
      return { title: "Not called: this number was called too often today", line: <>Nobody here can add another call{when ? <> before {when}</> : ""}.</>, remedies: ["ring"] };
    case "call-in-progress":
      return { title: "Waiting: this number is on a call", line: <>Somebody at this number is being called right now.</>, remedies: ["calls"] };
    case "calling-not-configured":
      return { title: "Calling is not set up yet", line: <>{missingWords(refusal.texts("missing"))} An administrator completes it under Integrations.</>, remedies: ["integrations", "ring"] };
    case "no-phone":
      return { title: "Not called: there is no phone number", line: <>{name} is in your records without one.</>, remedies: ["edit"] };
    case "number-not-callable":
      return { title: "Not called: this number cannot be called", line: <>It is a premium, foreign or incomplete number.</>, remedies: ["edit", "ring"] };
    case "not-callable":
      return { title: "Not called: no call is due", line: <>{refusal.detail}</>, remedies: ["appointment", "ring"] };
    case "forbidden":
      return { title: "You can see this but not call", line: <>It needs a permission that an administrator can grant.</>, remedies: ["ring"] };
    case "rate-limited":
      return { title: `Too many requests${refusal.retryAfter ? `: try again in ${String(refusal.retryAfter)} seconds` : ""}`, line: <>Nobody was called.</>, remedies: [] };
    case "offline":
      return { title: "Not called: there is no connection", line: <>Calls are not made while the connection is away.</>, remedies: ["ring"] };
    default:
      return { title: refusal.status >= 500 ? "Something failed on our side" : `Not called: ${refusal.problem.title.toLowerCase()}`, line: <>{refusal.detail}</>, remedies: ["ring"] };
  }
}
