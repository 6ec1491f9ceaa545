import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";
import { countsOf } from "@/features/contacts/counts";
import { isFirst } from "@/features/attention/queries";
import { holidayOn } from "@/features/session/business";

export type Business = Schemas["BusinessView"];

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;

/** The business's next open day after a date (`yyyy-mm-dd`), by its schedule and its holidays. */
export function nextWorkingDay(after: string, business: Business | undefined): string {
  const schedule = business?.business_hours.operating_schedule;
  for (let ahead = 1; ahead <= 14; ahead += 1) {
    const at = new Date(Date.parse(`${after}T12:00:00Z`) + ahead * 86_400_000);
    const date = at.toISOString().slice(0, 10);
    const weekday = WEEKDAYS[at.getUTCDay()] ?? "monday";
    const closed = schedule ? schedule[weekday].closed : weekday === "sunday" || weekday === "saturday";
    if (!closed && !holidayOn(date, business)) return date;
  }
  return after;
}

/** When the business closed last before an instant's date: the beginning of "while you were away". */
export function lastClosing(today: string, business: Business | undefined): { date: string; time: string } {
  const schedule = business?.business_hours.operating_schedule;
  for (let back = 1; back <= 14; back += 1) {
    const at = new Date(Date.parse(`${today}T12:00:00Z`) - back * 86_400_000);
    const date = at.toISOString().slice(0, 10);
    const day = schedule?.[WEEKDAYS[at.getUTCDay()] ?? "monday"];
    if (day && !day.closed && !holidayOn(date, business)) return { date, time: day.close };
  }
  return { date: today, time: "00:00" };
}

/** How a day's appointments stand, and how many of their people need attention. */
export function useDay(date: string) {
  return useQuery({
    queryKey: ["contacts", "search", "day", date],
    queryFn: async () => {
      const day = { appointment_from: date, appointment_to: date };
      const counts = await countsOf(day, ["attention"]);
      return { status: counts.facets.status, total: counts.facets.total, attention: counts.of("attention", "true") ?? 0 };
    },
  });
}

/** A day's appointments in order of time, a hundred at once. */
export function useAppointmentsOf(date: string, status: "pending" | "all") {
  return useInfiniteQuery({
    queryKey: ["contacts", "search", "appointments", date, status],
    queryFn: ({ pageParam }) =>
      body(
        api.POST("/api/contacts/search", {
          body: { appointment_from: date, appointment_to: date, sort: ["appointment_time"], page_size: 100, ...(status === "pending" && { status: ["pending"] }), ...(pageParam && { cursor: pageParam }) },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });
}

/** Whether a day's first list of appointments, with its counts, is still to come. */
export function useAppointmentsLoading(date: string): boolean {
  return [useAppointmentsOf(date, "pending"), useDay(date)].some(isFirst);
}

/** Who is called next today: the due calls of the day with their people, soonest first and by appointment where they are due together. The API sorts by other things, so all are read (the day's limit bounds them). */
export function useNextCalls(enabled = true) {
  return useQuery({
    enabled,
    queryKey: ["contacts", "search", "next-calls"],
    queryFn: async () => {
      const contacts = [];
      let cursor: string | null = null;
      let total = 0;
      do {
        const list: Schemas["ContactList"] = await body(api.POST("/api/contacts/search", { body: { call: "due_today", sort: ["appointment_time"], page_size: 100, ...(cursor && { cursor }) } }));
        contacts.push(...list.contacts);
        total = list.facets.total;
        cursor = list.pagination.next_cursor;
      } while (cursor && contacts.length < 300);
      contacts.sort((a, b) => (a.next_call_at ?? "9").localeCompare(b.next_call_at ?? "9"));
      return { total, contacts };
    },
  });
}

/** What came in since an instant: appointments by the status that they were given since, and people. */
export function useSince(instant: string) {
  return useQuery({
    queryKey: ["contacts", "search", "since", instant],
    queryFn: async () => {
      const [changed, added] = await Promise.all([countsOf({ status_since: instant }), countsOf({ created_since: instant })]);
      return { status: changed.facets.status, added: added.facets.total };
    },
  });
}
