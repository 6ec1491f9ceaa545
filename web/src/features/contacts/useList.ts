import { useLocation, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { bodyOf, filtersOf, fromBody, hasFilters, staysInList, tidy, type ListSearch, type TextSearch } from "./filters";
import { useSavedLists, viewOf } from "./saved";

declare module "@tanstack/react-router" {
  interface HistoryState {
    text?: TextSearch;
  }
}

/** The list that is shown: a saved one, the address's own, or a saved one with changes. */
export function useList() {
  const address = useSearch({ from: "/contacts" });
  const typed = useLocation({ select: (location) => location.state.text });
  const lists = useSavedLists().data;
  const navigate = useNavigate({ from: "/contacts" });

  const saved = lists?.find((each) => each.id === address.list);
  const own = hasFilters(address, typed ?? {}) || address.sort !== undefined;
  const base = useMemo(() => (saved ? fromBody(saved.filters) : { search: {}, text: {} }), [saved]);
  const search = useMemo<ListSearch>(() => (saved && !own ? { ...base.search, ...address } : address), [saved, own, base, address]);
  const text = useMemo<TextSearch>(() => (saved && !own ? base.text : (typed ?? {})), [saved, own, base, typed]);

  /** Changes filters; the history is replaced while somebody types. */
  const change = useCallback(
    (next: { [K in keyof ListSearch]?: ListSearch[K] | undefined }, nextText?: TextSearch, replace = false) => {
      // Another list begins at its first page.
      const after = tidy({ ...search, page: undefined, ...next });
      const words = nextText ?? text;
      void navigate({
        search: !saved || staysInList(base, after, words) ? after : tidy({ ...after, list: undefined }),
        state: (before) => ({ ...before, text: words }),
        replace,
        resetScroll: false,
      });
    },
    [navigate, search, text, saved, base],
  );
  // A list that is kept with its view opens in that; others as the one before was shown.
  const open = useCallback(
    (list: string | undefined) => {
      const view = viewOf(lists?.find((each) => each.id === list)) ? undefined : search.view;
      void navigate({ search: tidy({ view, list }), state: (before) => ({ ...before, text: {} }) });
    },
    [navigate, search.view, lists],
  );
  const clear = useCallback(() => open(address.list), [open, address.list]);

  const shown = viewOf(saved);
  const reshown = shown !== undefined && address.view !== undefined && address.view !== shown;
  const changed = reshown || (own && saved !== undefined && JSON.stringify(bodyOf(search, text)) !== JSON.stringify(bodyOf(base.search, base.text)));
  const filtered = hasFilters(search, text);

  return { search, text, saved, lists: lists ?? [], changed, filtered, clearable: filtered && (saved === undefined || changed), filters: filtersOf(search), change, open, clear };
}

export type List = ReturnType<typeof useList>;
