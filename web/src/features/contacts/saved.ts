import { useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";
import { useMay } from "@/features/session/use";

export type SavedList = Schemas["SavedFilter"];

export function useSavedLists() {
  const may = useMay();
  return useQuery({ queryKey: ["saved-filters"], queryFn: () => body(api.GET("/api/saved-filters")), staleTime: 60_000, enabled: may("view_contacts"), select: (answer) => answer.saved_filters });
}
