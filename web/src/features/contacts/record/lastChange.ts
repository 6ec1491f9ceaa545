import { useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";
import { useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMe } from "@/features/session/use";
import { dayAndTimeWithin, distance } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { capital } from "@/lib/words";
import { LABEL, type Draft } from "../form/draft";
import { whoDid } from "./changeWords";

type Entry = Pick<Schemas["HistoryEntry"], "action" | "at" | "by" | "fields">;

/** Fields of the form that the history calls otherwise; several of a form may be one of the record. */
const SAVED_AS: Partial<Record<keyof Draft, string>> = {
  date: "appointment_time",
  time: "appointment_time",
  duration: "appointment_duration",
  type: "appointment_type",
  owner: "owner_name",
  location: "location_id",
  words: "special_instructions",
  groups: "group_ids",
  channel: "preferred_contact_method",
  hours: "call_before_hours",
  sms: "preferences",
  emailing: "preferences",
  preferred: "preferences",
  assigned: "assigned_to",
  doNotContact: "do_not_contact",
  custom: "custom_fields",
};

/** The change that is meant: the latest of one of these fields, else the latest of any field. Newest first. */
export function changeOf(entries: Entry[], keys: readonly (keyof Draft)[]): Entry | undefined {
  const meant = new Set<string>(keys.map((key) => SAVED_AS[key] ?? key));
  return entries.find((each) => each.fields.some((field) => meant.has(field))) ?? entries.find((each) => each.action === "contact.updated");
}

/** `a moment ago`, `14 minutes ago`, `today 8:06am`, `yesterday 4:10pm`. */
export function whenWords(at: Date, zone: string, now: Date): string {
  const away = now.getTime() - at.getTime();
  if (away < 60_000) return "a moment ago";
  return away < 3_600_000 ? distance(at, now) : dayAndTimeWithin(at, zone, now);
}

export interface LastChange {
  /** `Jo Mills`, `You`, `Cal.com`; the beginning of a sentence. */
  who: string;
  /** `1 minute ago`. */
  when: string;
  own: boolean;
}

const UNKNOWN: LastChange = { who: "A colleague", when: "a moment ago", own: false };

/** Who changed a record last and when, once it is asked for; until that is read, and where it cannot be, what is certain. */
export function useLastChange(contactId: string, version: string | null, keys: readonly (keyof Draft)[] = Object.keys(LABEL) as (keyof Draft)[]): LastChange {
  const me = useMe().id;
  const zone = useZone();
  const colleague = useColleague();
  const at = useNow();
  const { data: entries } = useQuery({
    // Not among what is read again whenever the record changes: of this version there is one answer.
    queryKey: ["last-change", contactId, version],
    queryFn: async () => (await body(api.GET("/api/contacts/{contact_id}/history", { params: { path: { contact_id: contactId }, query: { kind: "change", page_size: 25 } } }))).entries,
    enabled: version !== null,
    staleTime: Infinity,
  });
  const found = entries && changeOf(entries, keys);
  if (!found) return UNKNOWN;
  const own = found.by.user_id === me;
  return { who: own ? "You" : capital(whoDid(found.by, colleague(found.by.user_id))), when: whenWords(new Date(found.at), zone, at), own };
}
