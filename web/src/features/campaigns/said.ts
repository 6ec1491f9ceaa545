import type { Schemas } from "@/api/client";

/** How much may be said in HIPAA mode; `unknown` where only an administrator reads which it is. */
export type Level = "strict" | "standard" | "basic" | "unknown" | null;

/** For each part how much of it may be said, from nothing on; the lesser of two rules wins part by part. */
interface Allowed {
  lastName: 0 | 1 | 2;
  /** Whether the appointment may be spoken of before the person said who they are. */
  atOnce: 0 | 1;
  type: 0 | 1 | 2 | 3;
  provider: 0 | 1 | 2;
  location: 0 | 1;
  duration: 0 | 1;
  instructions: 0 | 1;
  added: 0 | 1;
}

const BY_LEVEL: Record<Exclude<Level, null>, Allowed> = {
  unknown: { lastName: 0, atOnce: 0, type: 0, provider: 0, location: 0, duration: 0, instructions: 0, added: 0 },
  strict: { lastName: 0, atOnce: 0, type: 0, provider: 0, location: 0, duration: 0, instructions: 0, added: 0 },
  standard: { lastName: 0, atOnce: 1, type: 1, provider: 1, location: 1, duration: 0, instructions: 0, added: 1 },
  basic: { lastName: 1, atOnce: 1, type: 2, provider: 1, location: 1, duration: 0, instructions: 1, added: 1 },
};

type Style = Pick<Schemas["CallsView"], "personalization_level" | "call_script_length">;

function byStyle({ personalization_level: much, call_script_length: length }: Style): Allowed {
  const standard = much !== "minimal";
  const all = much === "enhanced";
  const long = all && length !== "brief" ? 1 : 0;
  return { lastName: 2, atOnce: 1, type: standard ? 3 : 0, provider: standard ? 2 : 0, location: all ? 1 : 0, duration: long, instructions: long, added: 1 };
}

/** What may be said, as the server has it (rules.md Privacy, "HIPAA mode"). */
export function allowedBy(level: Level, style: Style): Allowed {
  const [base, most] = [byStyle(style), level && BY_LEVEL[level]];
  if (!most) return base;
  return Object.fromEntries(Object.entries(base).map(([part, much]) => [part, Math.min(much as number, most[part as keyof Allowed])])) as unknown as Allowed;
}

/** Words for a visit that tell nothing of what it is for. */
const GENERIC = ["appointment", "check-up", "consultation", "follow-up", "meeting", "review", "session", "visit"];
const letters = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
const generic = (text: string | null | undefined): string | undefined => (text ? GENERIC.find((each) => letters(each) === letters(text)) : undefined);

function typeWords(name: string | null | undefined, types: Schemas["TypeEntry"][], much: Allowed["type"]): string {
  const entry = types.find((each) => each.name === name);
  if (!name || much === 0 || entry?.sensitivity === "sensitive") return "appointment";
  const plain = generic(entry?.spoken_as) ?? generic(name) ?? "appointment";
  return much === 1 ? plain : much === 2 ? (entry?.spoken_as ?? plain) : (entry?.spoken_as ?? name);
}

export interface Person {
  name: string;
  first_name?: string | null;
  last_name?: string | null;
  appointment_time?: string | null;
  appointment_type?: string | null;
  appointment_duration?: number | null;
  owner_name?: string | null;
  special_instructions?: string | null;
}

export interface Spoken {
  /** Whom it asks for. */
  asks: string;
  /** Whether the appointment may be spoken of before they said who they are. */
  atOnce: boolean;
  /** What it may say of the appointment; null without one. */
  appointment: { type: string; when: string; provider?: string; location?: string; minutes?: number } | null;
  /** Words of the record. */
  instructions?: string;
  /** Whether the words of the campaign are said at all. */
  added: boolean;
  /** Whether a mailbox is told who called; else the call ends without a word. */
  mailbox: boolean;
}

/** What the agent is told about one person, and so what it may say. `when` is the appointment's day and time as they are said. */
export function spokenTo(person: Person, when: string | null, { level, style, types, location, number }: { level: Level; style: Style; types: Schemas["TypeEntry"][]; location?: string | undefined; number: boolean }): Spoken {
  const may = allowedBy(level, style);
  const first = person.first_name ?? "";
  const initial = [...(person.last_name ?? "")].find((each) => /\p{L}/u.test(each))?.toUpperCase();
  const asks = may.lastName === 2 ? person.name : !first ? "the person we are trying to reach" : may.lastName === 1 && initial ? `${first} ${initial}` : first;
  const instructions = may.instructions ? person.special_instructions : null;
  return {
    asks,
    atOnce: may.atOnce === 1,
    appointment: when
      ? {
          type: typeWords(person.appointment_type, types, may.type),
          when,
          ...(may.provider > 0 && person.owner_name && { provider: may.provider === 1 ? `${person.owner_name}, first name only` : person.owner_name }),
          ...(may.location && location && { location }),
          ...(may.duration && person.appointment_duration && { minutes: person.appointment_duration }),
        }
      : null,
    ...(when && instructions && { instructions }),
    added: may.added === 1,
    mailbox: number && level !== "strict" && level !== "unknown",
  };
}
