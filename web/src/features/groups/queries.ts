import { useQuery } from "@tanstack/react-query";
import { api, body, versioned, type Schemas } from "@/api/client";
import { useMay } from "@/features/session/use";

export type Group = Schemas["ContactGroup"];

/** All groups in use; a business has tens of them, not thousands. */
export function useGroups() {
  const may = useMay();
  return useQuery({
    queryKey: ["groups", "list"],
    queryFn: () => body(api.GET("/api/groups", { params: { query: { page_size: 100, sort_by: "name" } } })),
    staleTime: 30_000,
    enabled: may("view_contacts"),
  });
}

export function useGroup(id: string) {
  return useQuery({ queryKey: ["groups", id], queryFn: () => versioned(api.GET("/api/groups/{group_id}", { params: { path: { group_id: id } } })) });
}
