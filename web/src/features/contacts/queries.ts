import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, body, type Schemas } from "@/api/client";
import { formOf, type FormShape, type Forms } from "./form/shape";
import type { ContactFound } from "./one";

type Search = Schemas["ContactSearch"];

export const PAGE = 100;

/** What is scrolled past before it came is not waited for: the signal ends the request. */
const read = (search: Search, page: number, size = PAGE, signal?: AbortSignal) => body(api.POST("/api/contacts/search", { body: { ...search, page, page_size: size }, ...(signal && { signal }) }));

/** A numbered page of a list, where somebody wants pages instead of scrolling. */
export interface Sheet {
  page: number;
  size: number;
}

/**
 * The rows of a list by position: the pages that are looked at, a hundred each, and the first, which says how many there are.
 * What was shown stays until its successor is here.
 */
export function useRows(search: Search, from: number, to: number, sheet?: Sheet) {
  const { page: at, size } = sheet ?? { page: 1, size: PAGE };
  const first = useQuery({ queryKey: ["contacts", "search", "list", search, at, ...(size === PAGE ? [] : [size])], queryFn: () => read(search, at, size), placeholderData: keepPreviousData });
  const whole = first.data?.pagination.total_contacts ?? 0;
  // Of a numbered page there is nothing more than its own rows.
  const total = sheet ? (first.data?.contacts.length ?? 0) : whole;
  const last = Math.max(1, Math.ceil(total / PAGE));
  const pages = useMemo(() => {
    const wanted: number[] = [];
    for (let page = sheet ? Infinity : Math.floor(from / PAGE) + 1; page <= Math.min(last, Math.floor(to / PAGE) + 1); page += 1) if (page > 1) wanted.push(page);
    return wanted;
  }, [from, to, last, sheet]);
  const others = useQueries({
    queries: pages.map((page) => ({ queryKey: ["contacts", "search", "list", search, page], queryFn: ({ signal }) => read(search, page, PAGE, signal), staleTime: 20_000 })),
    combine: (answers) => answers.map((answer) => answer.data),
  });
  const rows = useMemo(() => {
    const known = new Map<number, ContactFound>();
    first.data?.contacts.forEach((each, place) => known.set(place, each));
    others.forEach((page, place) => {
      const start = ((pages[place] ?? 1) - 1) * PAGE;
      page?.contacts.forEach((each, at) => known.set(start + at, each));
    });
    return known;
  }, [first.data, others, pages]);
  return { first, total, whole, rows, facets: first.data?.facets };
}

/** The industries' forms, as data. */
export const useForms = (enabled = true): FormShape[] | undefined => useAllForms(enabled)?.forms;

/** The form of somebody's industry; that of the business where they have none of their own. */
export function useForm(industry: string | null | undefined): FormShape | undefined {
  const all = useAllForms();
  return all && formOf(all, industry);
}

/** All of them, and which one is the business's own. */
export function useAllForms(enabled = true): Forms | undefined {
  // Which one is the business's own changes with its kind.
  return useQuery({ queryKey: ["forms"], queryFn: () => body(api.GET("/api/forms")), staleTime: 5 * 60_000, enabled, select: (found) => found as unknown as Forms }).data;
}

/** So few are worth looking at one by one. */
const FEW = 10;

/** Everybody there is, where that is only a few. */
export function useFew(everybody: number | undefined): ContactFound[] | undefined {
  const few = everybody !== undefined && everybody <= FEW;
  return useQuery({ queryKey: ["contacts", "search", "few"], queryFn: () => read({}, 1, FEW), enabled: few, select: fewOf }).data;
}

const fewOf = (list: Schemas["ContactList"]): ContactFound[] | undefined => (list.facets.total <= list.contacts.length ? list.contacts : undefined);
