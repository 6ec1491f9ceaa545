import { useCallback, useMemo, useState } from "react";
import type { Schemas } from "@/api/client";

type Search = Schemas["ContactSearch"];

/** People chosen one by one, each with the filter under which they were; or everybody a filter finds, counted anew when something is done with them. */
export type Selection = { kind: "ids"; ids: ReadonlyMap<string, string> } | { kind: "filter"; filter: Search; total: number };

const NONE: Selection = { kind: "ids", ids: new Map() };

export interface Row {
  id: string;
}

/** Who is found, whatever the order: under another filter a selection by filter is not what the rows show. */
export const whom = ({ sort: _sort, page_size: _size, page: _page, cursor: _cursor, ...filter }: Search): string => JSON.stringify(filter);

/** A list as far as it was read: who is in it, whether that is everybody, and by which filter. */
export interface Read {
  by: Search;
  ids: ReadonlySet<string>;
  whole: boolean;
}

/**
 * How many of those chosen one by one the list does not show. Of a list that was read in part it is those who were chosen under another
 * filter and are not in that part: `sure` says which of the two it is.
 */
export function notShown(selection: Selection, { by, ids, whole }: Read): { count: number; sure: boolean } {
  if (selection.kind === "filter") return { count: 0, sure: true };
  const here = whom(by);
  return { count: [...selection.ids].filter(([id, under]) => !ids.has(id) && (whole || under !== here)).length, sure: whole };
}

export function useSelection(current: Search) {
  const [selection, setSelection] = useState<Selection>(NONE);
  // A place in a list means nothing in another one, or in another order.
  const list = JSON.stringify(current);
  const [begun, setBegun] = useState<{ place: number; list: string } | null>(null);
  const anchor = begun?.list === list ? begun.place : null;
  const setAnchor = useCallback((place: number | null) => setBegun(place === null ? null : { place, list }), [list]);
  const under = whom(current);

  /** Chosen by a filter that is not the one of the list any more. */
  const elsewhere = selection.kind === "filter" && whom(selection.filter) !== whom(current);
  const has = useCallback((id: string) => (selection.kind === "filter" ? !elsewhere : selection.ids.has(id)), [selection, elsewhere]);
  const set = useCallback((rows: Row[], chosen: boolean) => {
    setSelection((before) => {
      const ids = new Map(before.kind === "ids" ? before.ids : []);
      for (const row of rows) {
        if (chosen) ids.set(row.id, under);
        else ids.delete(row.id);
      }
      return { kind: "ids", ids };
    });
  }, [under]);
  const clear = useCallback(() => {
    setSelection(NONE);
    setBegun(null);
  }, []);
  const all = useCallback((filter: Search, total: number) => setSelection({ kind: "filter", filter, total }), []);
  const size = selection.kind === "filter" ? selection.total : selection.ids.size;
  return useMemo(() => ({ selection, size, elsewhere, has, set, clear, all, anchor, setAnchor }), [selection, size, elsewhere, has, set, clear, all, anchor, setAnchor]);
}

export type Selecting = ReturnType<typeof useSelection>;

/** The selection as the API takes it; without how the list is sorted. */
export function selectionBody(selection: Selection): Schemas["BulkSelection"] {
  if (selection.kind === "ids") return { ids: [...selection.ids.keys()] };
  const { sort: _sort, ...filter } = selection.filter;
  return { filter };
}

/** Chooses the row at a place or gives it up; with `span` all from the last one chosen to it, as far as they were read. */
export function choose<R extends Row>({ anchor, has, set, setAnchor }: Pick<Selecting, "anchor" | "has" | "set" | "setAnchor">, rows: ReadonlyMap<number, R>, place: number, span: boolean): void {
  const row = rows.get(place);
  if (!row) return;
  const from = span && anchor !== null ? anchor : place;
  const list: R[] = [];
  for (let at = Math.min(from, place); at <= Math.max(from, place); at += 1) {
    const each = rows.get(at);
    if (each) list.push(each);
  }
  set(list, span || !has(row.id));
  setAnchor(place);
}
