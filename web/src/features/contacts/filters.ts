import type { Schemas } from "@/api/client";
import { isStatus, type AppointmentStatus } from "./status";

type Search = Schemas["ContactSearch"];

export const VIEWS = ["table", "cards", "list"] as const;
export type View = (typeof VIEWS)[number];

/** What a list's address says: ids and enumerations, nothing that names a person. */
export interface ListSearch {
  view?: View;
  /** A saved list; the other filters, where there are any, change it. */
  list?: string;
  status?: AppointmentStatus[];
  groups?: string[];
  logic?: "all" | "not";
  none?: true;
  when?: (typeof WHEN)[number];
  from?: string;
  to?: string;
  call?: (typeof CALL)[number];
  last?: (typeof LAST)[number];
  result?: (typeof RESULT)[number];
  priority?: (typeof PRIORITY)[number][];
  source?: (typeof SOURCE)[number][];
  /** Industries, by the words that contacts have them under. */
  industry?: string[];
  attention?: true;
  own?: true;
  since?: string;
  /** An instant since which the appointment was booked or its status changed. */
  changed?: string;
  inactive?: true;
  sort?: string[];
  /** Where lists have numbered pages: which one, from 1. */
  page?: number;
}

/** What is typed or named, kept in the history entry alone: back and reload keep it, a shared link does not. */
export interface TextSearch {
  search?: string;
  type?: string;
  owner?: string;
}

const WHEN = ["today", "tomorrow", "this_week", "next_week"] as const;
const CALL = ["due_now", "due_today", "overdue", "scheduled"] as const;
const LAST = ["never", "today", "week", "month"] as const;
const RESULT = ["success", "failure"] as const;
const PRIORITY = ["normal", "high", "urgent"] as const;
const SOURCE = ["manual", "import", "api", "form", "calcom", "calendly"] as const;
export const SORTS = ["name", "status", "appointment_time", "call_attempts", "created_at", "last_contact"] as const;
export const DEFAULT_SORT = ["appointment_time"];

export const WORDS = {
  when: { today: "Today", tomorrow: "Tomorrow", this_week: "This week", next_week: "Next week" },
  call: { due_now: "Due now", due_today: "Due today", overdue: "Overdue", scheduled: "Planned" },
  last: { never: "Never", today: "Today", week: "In the last week", month: "In the last month" },
  result: { success: "Reached", failure: "Not reached" },
  priority: { normal: "Normal", high: "High", urgent: "Urgent" },
  source: { manual: "Typed in", import: "Import", api: "API", form: "Form", calcom: "Cal.com", calendly: "Calendly" },
} as const;

const oneOf = <T extends string>(value: unknown, list: readonly T[]): T | undefined => list.find((each) => each === value);
const someOf = <T extends string>(value: unknown, list: readonly T[]): T[] | undefined => {
  const found = Array.isArray(value) ? list.filter((each) => value.includes(each)) : [];
  return found.length > 0 ? found : undefined;
};
const date = (value: unknown): string | undefined => (typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) ? value : undefined);
const instant = (value: unknown): string | undefined => (typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : undefined);
const industries = (value: unknown): string[] | undefined => (Array.isArray(value) ? value.filter((each): each is string => typeof each === "string" && /^[^,]{1,50}$/.test(each)) : undefined);
const id = (value: unknown): string | undefined => (typeof value === "string" && /^[0-9a-f-]{36}$/.test(value) ? value : undefined);

/** Takes from an address what it may say; the rest is dropped. */
export function readListSearch(raw: Record<string, unknown>): ListSearch {
  const groups = Array.isArray(raw.groups) ? raw.groups.map(id).filter((each): each is string => each !== undefined) : [];
  const sort = Array.isArray(raw.sort) ? raw.sort.filter((each): each is string => typeof each === "string" && oneOf(each.replace(/^-/, ""), SORTS) !== undefined) : [];
  return tidy({
    view: oneOf(raw.view, VIEWS),
    list: id(raw.list),
    status: Array.isArray(raw.status) ? raw.status.filter((each): each is AppointmentStatus => typeof each === "string" && isStatus(each)) : undefined,
    groups: groups.length > 0 ? groups : undefined,
    logic: oneOf(raw.logic, ["all", "not"] as const),
    none: raw.none === true ? true : undefined,
    when: oneOf(raw.when, WHEN),
    from: date(raw.from),
    to: date(raw.to),
    call: oneOf(raw.call, CALL),
    last: oneOf(raw.last, LAST),
    result: oneOf(raw.result, RESULT),
    priority: someOf(raw.priority, PRIORITY),
    source: someOf(raw.source, SOURCE),
    industry: industries(raw.industry),
    attention: raw.attention === true ? true : undefined,
    own: raw.own === true ? true : undefined,
    since: instant(raw.since),
    changed: instant(raw.changed),
    inactive: raw.inactive === true ? true : undefined,
    sort: sort.length > 0 ? sort : undefined,
    page: typeof raw.page === "number" && Number.isInteger(raw.page) && raw.page > 1 ? raw.page : undefined,
  });
}

/** Without what says nothing. */
export function tidy(search: { [K in keyof ListSearch]: ListSearch[K] | undefined }): ListSearch {
  return Object.fromEntries(Object.entries(search as Record<string, unknown>).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)));
}

/** The filters of a search, without how it is shown or sorted. */
export function filtersOf(search: ListSearch): ListSearch {
  const { view: _view, list: _list, sort: _sort, page: _page, ...filters } = search;
  return filters;
}

export const hasFilters = (search: ListSearch, text: TextSearch): boolean => Object.keys(filtersOf(search)).length > 0 || Object.values(text).some(Boolean);

/** Whether a change of a saved list is still of that list: an address without filters would be the list itself, and whoever takes off its last filter wants everybody. */
export const staysInList = (list: { search: ListSearch; text: TextSearch }, next: ListSearch, text: TextSearch): boolean => hasFilters(next, text) || next.sort !== undefined || !hasFilters(list.search, list.text);

/** The body of `POST /contacts/search`. */
export function bodyOf(search: ListSearch, text: TextSearch): Search {
  const words = text.search?.trim() ?? "";
  return {
    ...(search.status && { status: search.status }),
    ...(search.groups && { group_ids: search.groups }),
    ...(search.groups && search.logic && { group_logic: search.logic }),
    ...(search.none && { ungrouped: true }),
    ...(search.when && { appointment: search.when }),
    ...(search.from && { appointment_from: search.from }),
    ...(search.to && { appointment_to: search.to }),
    ...(search.call && { call: search.call }),
    ...(search.last && { last_contact: search.last }),
    ...(search.result && { call_result: search.result }),
    ...(search.priority && { priority: search.priority }),
    ...(search.source && { booking_source: search.source }),
    ...(search.industry && { industry: search.industry }),
    ...(search.attention && { attention: true }),
    ...(search.own && { own: true }),
    ...(search.since && { created_since: search.since }),
    ...(search.changed && { status_since: search.changed }),
    ...(search.inactive && { is_active: false }),
    ...(text.type && { appointment_type: text.type }),
    ...(text.owner && { owner_name: text.owner }),
    ...(words.length >= 2 && { search: words }),
    sort: search.sort ?? (words.length >= 2 ? ["relevance"] : DEFAULT_SORT),
  };
}

const words = (value: string | string[] | null | undefined): string[] | undefined => (typeof value === "string" ? value.split(",") : (value ?? undefined));

/** A saved list's filters in the console's terms. */
export function fromBody(body: Search): { search: ListSearch; text: TextSearch } {
  const sort = words(body.sort)?.filter((each) => each !== "relevance");
  return {
    search: readListSearch({
      status: words(body.status),
      groups: words(body.group_ids),
      logic: body.group_logic,
      none: body.ungrouped ?? undefined,
      when: body.appointment,
      from: body.appointment_from,
      to: body.appointment_to,
      call: body.call,
      last: body.last_contact,
      result: body.call_result,
      priority: words(body.priority),
      source: words(body.booking_source),
      industry: words(body.industry),
      attention: body.attention ?? undefined,
      own: body.own ?? undefined,
      since: body.created_since,
      changed: body.status_since,
      inactive: body.is_active === false ? true : undefined,
      sort,
    }),
    text: { ...(body.search && { search: body.search }), ...(body.appointment_type && { type: body.appointment_type }), ...(body.owner_name && { owner: body.owner_name }) },
  };
}

/** Clicking a heading: ascending, descending, not at all; with Shift it is the next key. */
export function nextSort(sort: string[], key: string, add: boolean): string[] {
  const now = sort.find((each) => each.replace(/^-/, "") === key);
  const next = now === undefined ? key : now === key ? `-${key}` : undefined;
  if (!add) return next === undefined ? DEFAULT_SORT : [next];
  const rest = now === undefined ? [...sort, key] : sort.flatMap((each) => (each === now ? (next === undefined ? [] : [next]) : [each]));
  return rest.length > 0 ? rest : DEFAULT_SORT;
}
