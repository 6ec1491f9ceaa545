import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { Refusal } from "@/api/problem";
import { now } from "@/api/clock";
import { OWN_DAY, holidayOn } from "@/features/session/business";
import { agoWithin, city, clock24, clockOf, dateKey, dayAndTimeWithin, fullDate, wall } from "@/lib/time";
import { capital, count, joined, number, waitWords } from "@/lib/words";
import { WHY } from "./pause";
import { localTime } from "./words";

export interface RefusalCopy {
  title: string;
  line: ReactNode;
  /** `wait` waits in line for a slot; `ring` dials by hand; the others lead to where the remedy is. */
  remedies: RefusalRemedy[];
}

export type RefusalRemedy = "wait" | "ring" | "consent" | "agreed" | "record" | "dnc" | "resume" | "integrations" | "edit" | "appointment" | "calls" | "after" | "history" | "text" | "hours" | "again";

/** What else is known where a refusal is shown; what is not known is not said. */
export interface Known {
  consent?: Pick<Schemas["ContactConsent"], "state" | "withdrawn_at"> | undefined;
  /** The zone by whose clock the person is called. */
  theirZone?: string | undefined;
  settings?: Pick<Schemas["CallsView"], "call_hours" | "holiday_calendar"> | undefined;
  limits?: Schemas["Limits"] | undefined;
  colleague?: (id: string | null | undefined) => string | undefined;
  /** When Vio's own next call to the person is due. */
  planned?: string | null | undefined;
  /** Who else has the number, and who of them is on the phone. */
  sharing?: string[];
  onCall?: string | undefined;
  /** How many seconds of the time to wait are left. */
  left?: number;
}

/** What is to be seen to where calling stopped by itself. */
const SEE_TO: Record<string, RefusalRemedy[]> = { credentials_refused: ["integrations"], unknown_agent_or_number: ["integrations"], technical_failures: ["history"] };

/** The numbers of what a guard saw: `3 of 3 attempts`, `25 of 25 slots, 300 of 300 today`. */
const numbers = (saw: string | undefined, unit: string): [number, number] | null => {
  const found = new RegExp(`(\\d+) of (\\d+) ${unit}`).exec(saw ?? "");
  return found ? [Number(found[1]), Number(found[2])] : null;
};

const SET_UP: Record<string, string> = { "retell.agent_id": "the agent", "retell.from_number": "the caller number", "retell.api_key": "the key" };

/** What of the set-up is missing: `The agent and the caller number are missing.` */
function missingWords(missing: string[]): string {
  const parts = missing.map((each) => SET_UP[each]).filter((each) => each !== undefined);
  return parts.length === 0 ? "A part of it is missing." : `${capital(joined(parts))} ${parts.length === 1 ? "is" : "are"} missing.`;
}

/** On what a call is not allowed now: a closed day of theirs, or the time of the day. */
function hoursCopy(at: Date, name: string, zone: string, saw: string | undefined, when: string | undefined, { settings, theirZone }: Known): RefusalCopy {
  const [, weekday, time] = /^local time ([A-Z][a-z]{2}) (\d\d:\d\d)/.exec(saw ?? "") ?? [];
  // A booking page may have said another zone than the record: then their date is not known.
  const there = theirZone && time && Math.abs(minutes(time) - minutes(clock24(at, theirZone))) <= 2 && wall(at, theirZone).weekday === weekday ? theirZone : undefined;
  const again = when ? <> Calls are allowed again {when}.</> : null;
  const hours = settings?.call_hours;
  const holiday = there && hours && !hours.holiday_calling ? holidayOn(dateKey(at, there), { business_hours: settings }) : null;
  if (holiday) {
    const own = holiday === OWN_DAY;
    return { title: `Not called: today is ${own ? holiday : "a bank holiday"}`, line: <>{!own && `${holiday}. `}Your settings do not allow calls on holidays.{again}</>, remedies: ["ring", "hours"] };
  }
  if (hours && !hours.weekend_calling && (weekday === "Sat" || weekday === "Sun")) {
    return { title: `Not called: today is ${weekday === "Sat" ? "Saturday" : "Sunday"}`, line: <>Your settings do not allow calls at weekends.{again}</>, remedies: ["ring", "hours"] };
  }
  const allowed = hours ? `Calls are allowed ${clockOf(hours.start_time)} to ${clockOf(hours.end_time)}` : "";
  if (there && clock24(at, there) !== clock24(at, zone)) {
    return { title: `Not called: it is ${clockOf(clock24(at, there))} for ${name}`, line: <>Their clock is that of {city(there)}. {allowed && `${allowed} there. `}{when && `Allowed from ${when}, your time.`}</>, remedies: ["ring", "text"] };
  }
  const words = there ? `It is ${clockOf(clock24(at, there))} in ${city(there)}.` : saw ? `It is ${localTime(saw)} for ${name}.` : `Calls are not allowed at this time where ${name} is.`;
  return { title: "Not called: outside your calling hours", line: <>{words} {allowed ? `${allowed}${when ? `, again from ${when}` : ""}.` : again}</>, remedies: ["ring", "text"] };
}

const minutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/** `14 min ago`, `at 10:05am`, `yesterday 4:10pm`, `on Mon 16 Nov`. */
const began = (since: string, zone: string): string =>
  agoWithin(new Date(since), zone, now())
    .replace(/^(?=\d+:\d\d)/, "at ")
    .replace(/^(?=[A-Z])/, "on ");

/** Who or what paused calling, since when, and what waits for it. */
function pausedCopy(refusal: Refusal, zone: string, { limits, colleague }: Known): RefusalCopy {
  const reason = refusal.text("reason") ?? limits?.paused?.reason ?? "";
  const since = refusal.text("since") ?? limits?.paused?.since;
  const due = limits?.waiting.due ?? 0;
  const waits = due > 0 && `${capital(count(due, "call is", "calls are"))} due now and ${due === 1 ? "waits" : "wait"}.`;
  const failed = limits?.automatic_pause;
  const line =
    reason === "technical_failures" && failed
      ? failed.failures >= failed.pauses_at
        ? `${number(failed.failures)} of the last ${number(failed.of_latest)} calls failed for technical reasons.`
        : `It does so when ${number(failed.pauses_at)} of the last ${number(failed.of_latest)} calls fail for technical reasons.`
      : reason === "payment_needed"
        ? "Nobody is called until this is settled."
        : (WHY[reason] ?? `${colleague?.(limits?.paused?.by) ?? "Somebody on your team"} paused it${since ? ` ${began(since, zone)}` : ""}.`);
  const title = reason === "payment_needed" ? "Calling is paused: the phone provider refused payment" : reason === "technical_failures" ? "Calling paused itself" : "Calling is paused";
  const by = WHY[reason] !== undefined && since && ` Paused ${began(since, zone)}.`;
  return { title, line: <>{line}{by} {waits || (reason !== "payment_needed" && "Nobody is called until calling is resumed.")}</>, remedies: [...(SEE_TO[reason] ?? []), "resume", "ring"] };
}

/** Each refusal of a call in the desk's words: what happened, why with what was seen, what to do now. */
export function refusalCopy(refusal: Refusal, name: string, zone: string, known: Known = {}): RefusalCopy {
  const at = refusal.nextAllowedAt;
  const when = at ? dayAndTimeWithin(new Date(at), zone, now()) : undefined;
  const saw = (guard: string) => refusal.decision.find((each) => each.guard === guard)?.saw;
  const planned = known.planned && Date.parse(known.planned) > now().getTime() ? ` Vio’s own call stays planned for ${dayAndTimeWithin(new Date(known.planned), zone, now())}.` : "";
  switch (refusal.slug) {
    case "called-recently": {
      const last = /^last attempt (\S+)$/.exec(saw("gap") ?? "")?.[1];
      return {
        title: "Not called: too soon after the last call",
        line: (
          <>
            {last && `Vio called ${name} ${dayAndTimeWithin(new Date(last), zone, now())}. `}Calls you start yourself must be 8 hours apart{when ? `: again from ${when}` : ""}.{planned}
          </>
        ),
        remedies: ["ring", "text"],
      };
    }
    case "outside-call-hours": {
      const copy = hoursCopy(refusal.at, name, zone, saw("permitted_hours"), when, known);
      return planned ? { ...copy, line: <>{copy.line}{planned}</> } : copy;
    }
    case "call-limit-reached": {
      const used = numbers(saw("slots"), "slots");
      return { title: "All calls of these 15 minutes are used", line: <>{used && `${number(used[0])} of ${number(used[1])} used. `}{when ? <>The next call is free about {when}. {name} can be first in line.</> : refusal.detail}</>, remedies: ["wait", "ring"] };
    }
    case "daily-call-limit-reached": {
      const used = numbers(saw("slots"), "today") ?? (known.limits ? [known.limits.used_today, known.limits.daily_limit] : null);
      // Near midnight the last ones are held back: then not all are used.
      return { title: "No calls left today", line: <>{used && `${number(used[0])} of ${number(used[1])} used. `}The count starts again at midnight.{when && <> The next call is free {when}.</>}</>, remedies: ["wait", "ring"] };
    }
    case "calling-paused":
      return pausedCopy(refusal, zone, known);
    case "consent-required":
      if (known.consent?.state === "withdrawn") {
        const on = known.consent.withdrawn_at;
        return { title: "Not called: consent was withdrawn", line: <>{on ? `On ${fullDate(new Date(on), zone)}. ` : ""}{name} does not want to be called by Vio.</>, remedies: ["ring", "agreed"] };
      }
      return { title: "Not called: consent is not recorded", line: <>Your business calls only people who agreed.</>, remedies: ["consent", "ring"] };
    case "do-not-contact":
      return { title: "Not called: marked do not contact", line: <>No channel is used for {name}.</>, remedies: ["record"] };
    case "do-not-call":
      return { title: "Not called: the number is on your do-not-call list", line: <>Take it off only if {name} asked for that.</>, remedies: ["dnc"] };
    case "attempts-exhausted": {
      const made = numbers(saw("attempts_cap"), "attempts")?.[0];
      return { title: `Not called: ${made === undefined ? "all tries are" : made === 1 ? "the one try is" : `all ${number(made)} tries are`} used`, line: <>{made === undefined ? refusal.detail : `${count(made, "try", "tries")} ${made === 1 ? "was" : "were"} made for this appointment.`}</>, remedies: ["ring"] };
    }
    case "number-limit": {
      const made = /^(\d+) attempts in 24 h/.exec(saw("attempts_per_number") ?? "")?.[1];
      return { title: made ? `Not called: ${count(Number(made), "call")} to this number in a day` : "Not called: this number was called too often today", line: <>Nobody here can add another call{when ? <> before {when}</> : ""}.</>, remedies: ["ring"] };
    }
    case "call-in-progress": {
      const { onCall, sharing = [] } = known;
      const who = onCall ? `${onCall} shares it.` : sharing.length > 0 ? `${joined(sharing)} ${sharing.length === 1 ? "shares" : "share"} it.` : "Somebody at this number is being called right now.";
      return { title: "Waiting: this number is on a call", line: <>{who}</>, remedies: ["after", "calls"] };
    }
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
      return { title: `Too many requests${(known.left ?? refusal.retryAfter) ? `: try again in ${waitWords(known.left ?? refusal.retryAfter ?? 0)}` : ""}`, line: <>Nobody was called.</>, remedies: ["again", "ring"] };
    case "offline":
      return { title: "Not called: there is no connection", line: <>Calls are not made while the connection is away.</>, remedies: ["ring"] };
    default:
      if (refusal.status >= 500) return { title: "Something failed on our side", line: <>{refusal.detail}</>, remedies: ["again", "ring"] };
      return { title: `Not called: ${refusal.problem.title.toLowerCase()}`, line: <>{refusal.detail}</>, remedies: ["ring"] };
  }
}
