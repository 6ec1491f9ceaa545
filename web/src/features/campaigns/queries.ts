import { keepPreviousData, queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";
import { useMay } from "@/features/session/use";

export type CampaignStatus = Schemas["CampaignStatus"];
export type CampaignResult = Schemas["CampaignResult"];
export type CampaignSummary = Schemas["CampaignSummary"];

/** The latest campaigns. */
export function useCampaigns() {
  const may = useMay();
  return useQuery({ queryKey: ["campaigns", "list"], queryFn: () => body(api.GET("/api/groups/campaigns", { params: { query: { page_size: 50 } } })), enabled: may("view_call_results") });
}

/** How a campaign stands, without its people. */
export const campaignStatus = (id: string) =>
  queryOptions({
    queryKey: ["campaigns", id, "status"],
    queryFn: () => body(api.GET("/api/groups/campaigns/{campaign_id}/status", { params: { path: { campaign_id: id }, query: { page_size: 10 } } })),
  });

export const useCampaignStatus = (id: string) => useQuery(campaignStatus(id));

/** Which results there are to choose from. */
export type ResultKind = "confirmed" | "rescheduled" | "cancelled" | "no_action" | "not_reached" | "to_go" | "skipped";

export function useCampaignResults(id: string, result?: ResultKind) {
  return useInfiniteQuery({
    queryKey: ["campaigns", id, "results", result],
    queryFn: ({ pageParam }) => body(api.GET("/api/groups/campaigns/{campaign_id}/status", { params: { path: { campaign_id: id }, query: { page_size: 100, ...(result && { result }), ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

export const isGoing = (status: string): boolean => ["preparing", "scheduled", "executing", "paused"].includes(status);
