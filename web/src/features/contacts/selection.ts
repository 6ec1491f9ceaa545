import { useCallback, useMemo, useState } from "react";
import type { Schemas } from "@/api/client";

type Search = Schemas["ContactSearch"];

/** People chosen one by one, or everybody a filter finds, counted anew when something is done with them. */
export type Selection = { kind: "ids"; ids: ReadonlyMap<string, string> } | { kind: "filter"; filter: Search; total: number };

const NONE: Selection = { kind: "ids", ids: new Map() };

export interface Row {
  id: string;
  name: string;
}

/** Who is found, whatever the order: under another filter a selection by filter is not what the rows show. */
const whom = ({ sort: _sort, page_size: _size, page: _page, cursor: _cursor, ...filter }: Search): string => JSON.stringify(filter);

export function useSelection(current: Search) {
  const [selection, setSelection] = useState<Selection>(NONE);
  const [anchor, setAnchor] = useState<number | null>(null);

  /** Chosen by a filter that is not the one of the list any more. */
  const elsewhere = selection.kind === "filter" && whom(selection.filter) !== whom(current);
  const has = useCallback((id: string) => (selection.kind === "filter" ? !elsewhere : selection.ids.has(id)), [selection, elsewhere]);
  const set = useCallback((rows: Row[], chosen: boolean) => {
    setSelection((before) => {
      const ids = new Map(before.kind === "ids" ? before.ids : []);
      for (const row of rows) {
        if (chosen) ids.set(row.id, row.name);
        else ids.delete(row.id);
      }
      return { kind: "ids", ids };
    });
  }, []);
  const clear = useCallback(() => {
    setSelection(NONE);
    setAnchor(null);
  }, []);
  const all = useCallback((filter: Search, total: number) => setSelection({ kind: "filter", filter, total }), []);
  const size = selection.kind === "filter" ? selection.total : selection.ids.size;
  return useMemo(() => ({ selection, size, elsewhere, has, set, clear, all, anchor, setAnchor }), [selection, size, elsewhere, has, set, clear, all, anchor]);
}

export type Selecting = ReturnType<typeof useSelection>;

/** The selection as the API takes it; without how the list is sorted. */
export function selectionBody(selection: Selection): Schemas["BulkSelection"] {
  if (selection.kind === "ids") return { ids: [...selection.ids.keys()] };
  const { sort: _sort, ...filter } = selection.filter;
  return { filter };
}
