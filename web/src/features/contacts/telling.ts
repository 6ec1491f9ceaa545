import type { ListSearch } from "./filters";
import type { ContactFound } from "./one";

export type FacetKey = "status" | "groups" | "when" | "call" | "last" | "result" | "industry" | "more";

/** In which facet each filter is chosen; what was typed or named has no boxes to tick. */
export const FACET_OF: Record<string, FacetKey> = { status: "status", attention: "status", groups: "groups", none: "groups", when: "when", from: "when", to: "when", call: "call", last: "last", result: "result", industry: "industry", priority: "more", own: "more", inactive: "more" };

type Person = Pick<ContactFound, "appointment_status" | "needs_attention" | "group_ids" | "appointment_time" | "next_call_at" | "last_contact_time" | "call_attempts" | "industry" | "priority" | "assigned_to" | "created_by" | "is_active">;

/** What a facet sees of somebody: of two in whom it sees the same, no filter of it finds one alone. */
const SEEN: Record<FacetKey, (person: Person) => unknown> = {
  status: (each) => [each.appointment_status, Boolean(each.needs_attention)],
  groups: (each) => each.group_ids.toSorted(),
  when: (each) => each.appointment_time?.slice(0, 10),
  call: (each) => each.next_call_at,
  last: (each) => each.last_contact_time?.slice(0, 10),
  // A contact does not say how its last call ended; of who was never called there is none.
  result: (each) => [each.call_attempts, each.last_contact_time],
  industry: (each) => each.industry,
  more: (each) => [each.priority, each.assigned_to, each.created_by, each.is_active],
};

/** The facets in which a few people differ, which are all there are; each other one would find everybody or nobody. */
export function telling(people: readonly Person[]): ReadonlySet<FacetKey> {
  const keys = Object.keys(SEEN) as FacetKey[];
  return new Set(keys.filter((key) => new Set(people.map((each) => JSON.stringify(SEEN[key](each) ?? null))).size > 1));
}

/** The facets in which something is chosen. */
export const chosenIn = (search: ListSearch): ReadonlySet<FacetKey> => new Set(Object.keys(search).flatMap((key) => FACET_OF[key] ?? []));
