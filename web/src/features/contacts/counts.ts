import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";

type Search = Schemas["ContactSearch"];

/** Filters of which each value is counted. */
export type Choice = "appointment" | "call" | "last_contact" | "call_result" | "priority" | "attention" | "own" | "is_active";

/** How many of a list there are of each kind, without anybody's details. */
export async function countsOf(search: Search, choices: Choice[] = []) {
  const { sort: _, ...filter } = search;
  const found = await body(api.POST("/api/contacts/counts", { body: { filter, choices } }));
  const of = new Map(found.choices.map((each) => [each.parameter, new Map(each.values.map(({ value, count }) => [value, count]))]));
  return { facets: found.facets, of: (choice: Choice, value: string) => of.get(choice)?.get(value) };
}

/** The same, with the last known values until the next are here. */
export const useCounts = (search: Search, choices: Choice[]) =>
  useQuery({ queryKey: ["contacts", "search", "counts", search, choices], queryFn: () => countsOf(search, choices), enabled: choices.length > 0, placeholderData: keepPreviousData }).data;

export function useTotal(search: Search, enabled = true) {
  return useQuery({ queryKey: ["contacts", "search", "total", search], queryFn: () => countsOf(search), enabled, select: (found) => found.facets.total }).data;
}
