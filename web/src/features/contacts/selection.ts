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

export function useSelection() {
  const [selection, setSelection] = useState<Selection>(NONE);
  const [anchor, setAnchor] = useState<number | null>(null);

  const has = useCallback((id: string) => selection.kind === "filter" || selection.ids.has(id), [selection]);
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
  return useMemo(() => ({ selection, size, has, set, clear, all, anchor, setAnchor }), [selection, size, has, set, clear, all, anchor]);
}

export type Selecting = ReturnType<typeof useSelection>;

/** The selection as the API takes it; without how the list is sorted. */
export function selectionBody(selection: Selection): Schemas["BulkSelection"] {
  if (selection.kind === "ids") return { ids: [...selection.ids.keys()] };
  const { sort: _sort, ...filter } = selection.filter;
  return { filter };
}
