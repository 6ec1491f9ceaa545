import type { QueryClient, QueryKey } from "@tanstack/react-query";

/** What can change without this page having done it. */
export type Topic = "limits" | "calls" | "attention" | "contacts" | "groups" | "campaigns" | "jobs";

/** Says that something changed. A source of changes calls it; nothing else in the console knows where changes come from. */
export type Changed = (topic: Topic, id?: string) => void;

/** A source of changes: polling, and one day a socket that is told of each change. */
export interface Source {
  start: (changed: Changed) => () => void;
}

const VISIBLE = 4_000;
const HIDDEN = 30_000;

/** At every how many ticks a topic is read again. Only queries that a page shows are read at all. */
const EVERY: Record<Topic, number> = { limits: 1, jobs: 1, calls: 2, campaigns: 1, attention: 3, contacts: 4, groups: 8 };

/** Asks again every 4 s while the page is seen, every 30 s while it is not. */
export const polling: Source = {
  start(changed) {
    let tick = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = () => {
      timer = setTimeout(run, document.visibilityState === "visible" ? VISIBLE : HIDDEN);
    };
    const run = () => {
      tick += 1;
      for (const [topic, every] of Object.entries(EVERY) as [Topic, number][]) {
        if (document.visibilityState === "hidden" || tick % every === 0) changed(topic);
      }
      again();
    };
    const seen = () => {
      if (document.visibilityState !== "visible") return;
      clearTimeout(timer);
      run();
    };
    document.addEventListener("visibilitychange", seen);
    again();
    return () => {
      document.removeEventListener("visibilitychange", seen);
      clearTimeout(timer);
    };
  },
};

/** The first part of every query key is its topic, or a name that no source knows of. */
export function startLive(client: QueryClient, source: Source): () => void {
  return source.start((topic, id) => {
    const queryKey: QueryKey = id === undefined ? [topic] : [topic, id];
    void client.invalidateQueries({ queryKey, refetchType: "active" }, { cancelRefetch: false });
  });
}
