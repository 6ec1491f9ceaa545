import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";

export type Figures = Schemas["GroupFigures"];
export type Analysed = Schemas["OneGroupFigures"];

export const DAYS = [7, 30, 90, 365] as const;
export type Days = (typeof DAYS)[number];

export const PERIODS: { id: "7" | "30" | "90" | "365"; name: string }[] = [
  { id: "7", name: "7 days" },
  { id: "30", name: "30 days" },
  { id: "90", name: "90 days" },
  { id: "365", name: "A year" },
];

/** `in the last 30 days`. */
export const inPeriod = (days: Days): string => (days === 365 ? "in the last year" : `in the last ${String(days)} days`);

export function useGroupAnalytics(groupId: string, days: Days) {
  return useQuery({
    queryKey: ["groups", groupId, "analytics", days],
    queryFn: () => body(api.GET("/api/groups/{group_id}/analytics", { params: { path: { group_id: groupId }, query: { days } } })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}

/** The chosen groups side by side; all of them where none are chosen. */
export function useComparison(ids: string[], days: Days) {
  return useQuery({
    queryKey: ["groups", "comparison", [...ids].sort(), days],
    queryFn: () => (ids.length < 2 ? body(api.GET("/api/groups/analytics", { params: { query: { days } } })) : body(api.GET("/api/groups/comparison", { params: { query: { group_ids: ids.join(","), days } } }))),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}

/** `67%`, or a dash of nothing. */
export const percent = (rate: number | null | undefined): string => (rate == null ? "–" : `${String(Math.round(rate))}%`);

/** `Mon 23 Nov`, `23 Nov` of a week, `Nov` of a month. */
export function stepName(from: string, days: Days): string {
  const at = new Date(`${from}T12:00:00Z`);
  const said = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options }).format(at);
  if (days === 365) return said({ month: "short" });
  return days === 7 ? said({ weekday: "short", day: "numeric" }) : said({ day: "numeric", month: "short" });
}
