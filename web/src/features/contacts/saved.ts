import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";
import { useMay } from "@/features/session/use";
import { toast } from "@/ui/toast";
import type { View } from "./filters";
import { countsOf } from "./counts";

export type SavedList = Schemas["SavedFilter"];

const KEY = ["saved-filters"];

export function useSavedLists() {
  const may = useMay();
  return useQuery({ queryKey: KEY, queryFn: () => body(api.GET("/api/saved-filters")), staleTime: 60_000, enabled: may("view_contacts"), select: (answer) => answer.saved_filters });
}

/** How many are in a saved list; a minute old at most while it is looked at. Each search is written down, so what somebody searches for is counted once. */
export function useSavedCount(list: SavedList): number | undefined {
  const again = list.filters.search ? {} : { refetchInterval: 60_000 };
  return useQuery({ queryKey: ["saved-count", list.id, list.filters], queryFn: () => countsOf(list.filters), select: (found) => found.facets.total, staleTime: list.filters.search ? Infinity : 55_000, ...again }).data;
}

/** The views by the names that the API has for them. */
export const VIEW_NAMES = { cards: "grid", table: "list", list: "compact" } as const;

/** How a saved list is shown, where it says so. */
export const viewOf = (list: SavedList | undefined): View | undefined => (Object.keys(VIEW_NAMES) as View[]).find((view) => VIEW_NAMES[view] === list?.view);

/** Keeps the columns with a saved list, or takes them from it: then it has those of all lists. Shown at once, and taken back where it cannot be kept. */
export function useKeepColumns(): (list: SavedList, columns: string[] | null) => void {
  const client = useQueryClient();
  return (list, columns) => {
    type Lists = Schemas["SavedFilters"];
    client.setQueryData<Lists>(KEY, (lists) => lists && { saved_filters: lists.saved_filters.map((each) => (each.id === list.id ? { ...each, columns } : each)) });
    body(api.PATCH("/api/saved-filters/{saved_filter_id}", { params: { path: { saved_filter_id: list.id } }, body: { columns } })).catch(() => {
      toast("The columns of this list could not be saved.");
      void client.invalidateQueries({ queryKey: KEY });
    });
  };
}
