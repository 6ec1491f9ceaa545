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

export function useResolvedWork(enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["attention", "resolved"],
    enabled,
    queryFn: ({ pageParam }) => body(api.GET("/api/attention", { params: { query: { status: "resolved", page_size: 25, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
    select: (pages) => pages.pages.flatMap((page) => page.attention),
  });
}

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
