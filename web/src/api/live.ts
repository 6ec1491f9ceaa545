import type { QueryClient, QueryKey } from "@tanstack/react-query";

/** What can change without this page having done it. */
export type Topic = "limits" | "calls" | "attention" | "contacts" | "groups" | "campaigns" | "jobs" | "notifications";

/** Says that something changed. A source of changes calls it; nothing else in the console knows where changes come from. */
export type Changed = (topic: Topic, id?: string) => void;

/** A source of changes. */
export interface Source {
  start: (changed: Changed) => () => void;
}

const VISIBLE = 4_000;
const HIDDEN = 30_000;
/** Beside a socket, which loses a push now and then and does not tell of what passes by itself, such as a call's slot. */
const BESIDE = 15_000;

/** Only queries that a page shows are read at all. */
export const TOPICS: Topic[] = ["limits", "calls", "attention", "contacts", "groups", "campaigns", "jobs", "notifications"];

/** Asks again every 4 s while the page is seen and `told` says that nobody tells it, every 30 s while it is not seen. */
export const polling = (told: () => boolean = () => false): Source => ({
  start(changed) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = () => {
      for (const topic of TOPICS) changed(topic);
      again();
    };
    const again = () => {
      timer = setTimeout(run, document.visibilityState !== "visible" ? HIDDEN : told() ? BESIDE : VISIBLE);
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
});

/** Asks again every `ms` while the page is seen, for somebody who does not want to be told at once; what came due meanwhile when it is seen again. */
export const every = (ms: number): Source => ({
  start(changed) {
    let last = Date.now();
    const run = () => {
      if (document.visibilityState !== "visible" || Date.now() - last < ms - 1_000) return;
      last = Date.now();
      for (const topic of TOPICS) changed(topic);
    };
    const timer = setInterval(run, ms);
    document.addEventListener("visibilitychange", run);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", run);
    };
  },
});

/** The first part of every query key is its topic, or a name that no source knows of. */
export function startLive(client: QueryClient, ...sources: Source[]): () => void {
  const changed: Changed = (topic, id) => {
    const queryKey: QueryKey = id === undefined ? [topic] : [topic, id];
    void client.invalidateQueries({ queryKey, refetchType: "active" }, { cancelRefetch: false });
  };
  const ends = sources.map((source) => source.start(changed));
  return () => {
    for (const end of ends) end();
  };
}
