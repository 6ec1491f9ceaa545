import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";
import { useMay } from "@/features/session/use";
import type { ContactFound } from "@/features/contacts/one";

export type Entry = Schemas["AttentionEntry"];
export type Detail = Schemas["AttentionDetail"];

const MOST = 100;

/** The open work, oldest first as the API gives it; the first hundred, and how many there are in all. */
export function useOpenWork() {
  const may = useMay();
  const query = useQuery({
    queryKey: ["attention", "open"],
    queryFn: () => body(api.GET("/api/attention", { params: { query: { status: "open", page_size: MOST, count: true } } })),
    enabled: may("view_contacts"),
  });
  const entries = query.data?.attention ?? [];
  const total = query.data?.pagination.total_attention;
  return { ...query, entries, total: total ?? entries.length, counted: total != null || entries.length === 0, more: Boolean(query.data?.pagination.next_cursor) };
}

export function useSnoozedWork() {
  return useQuery({ queryKey: ["attention", "snoozed"], queryFn: () => body(api.GET("/api/attention", { params: { query: { status: "snoozed", page_size: MOST } } })), select: (page) => page.attention });
}

/** Whether something is read for the first time: what failed and is tried again takes nothing away. */
export const isFirst = (query: { isLoading: boolean; isFetched: boolean }): boolean => query.isLoading && !query.isFetched;

/** Whether the work list is still to come: its entries, the people and times it is ordered by, and what was put off. */
export function useWorkLoading(): boolean {
  const open = useOpenWork();
  const [people, snoozed] = [usePeopleOfWork(), useSnoozedWork()];
  // That there is none is said at once.
  return isFirst(open) || (open.entries.length > 0 && (isFirst(people) || isFirst(snoozed)));
}

const RESOLVED = 25;

/** What was resolved, the newest work first: the API begins with the oldest, so its pages are read from the last one on. */
export function useResolvedWork(enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["attention", "resolved"],
    enabled,
    queryFn: async ({ pageParam }) => {
      const read = (query: { page?: number; page_size: number; count?: boolean }) => body(api.GET("/api/attention", { params: { query: { status: "resolved", ...query } } }));
      let page = pageParam;
      if (page === 0) {
        const first = await read({ page_size: RESOLVED, count: true });
        page = lastPage(first.pagination.total_attention);
        if (page === 1) return { page, entries: first.attention };
      }
      return { page, entries: (await read({ page, page_size: RESOLVED })).attention };
    },
    initialPageParam: 0,
    getNextPageParam: ({ page }) => (page > 1 ? page - 1 : undefined),
  });
}

/** The page that the newest are on; beyond ten thousand the API counts no further. */
export const lastPage = (total: number | null | undefined): number => Math.max(1, Math.ceil((total ?? 10_000) / RESOLVED));

/** What was resolved last comes first. */
export const byResolved = (a: Entry, b: Entry): number => (b.resolved_at ?? "").localeCompare(a.resolved_at ?? "");

/** The people of the open work, in one request: entries name them by id and name alone. */
export function usePeopleOfWork() {
  const may = useMay();
  return useQuery({
    queryKey: ["contacts", "search", "of-work"],
    queryFn: () => body(api.POST("/api/contacts/search", { body: { attention: true, page_size: 100, sort: ["appointment_time"] } })),
    enabled: may("view_contacts"),
    select: (list) => new Map<string, ContactFound>(list.contacts.map((each) => [each.id, each])),
  });
}
