import { useSyncExternalStore } from "react";
import { api, body } from "./client";
import { TOPICS, type Source, type Topic } from "./live";

/** What is pushed: what happened, to which record, and its version. Everything else is read. */
export interface Change {
  type: string;
  id: string;
  version: number;
}

/** By the word before the dot. What is not here changes nothing that a page follows. */
const CONCERNS: Record<string, Topic[]> = {
  appointment: ["contacts", "calls"],
  attention: ["attention", "contacts"],
  booking: ["contacts", "attention"],
  call: ["calls", "limits", "contacts", "attention"],
  call_now: ["calls", "limits", "contacts"],
  calling: ["limits"],
  campaign: ["campaigns", "calls"],
  consent: ["contacts", "calls"],
  contact: ["contacts", "attention", "groups"],
  contacts: ["contacts", "groups", "jobs"],
  do_not_call: ["contacts", "calls"],
  group: ["groups", "contacts"],
  interaction: ["contacts"],
  job: ["jobs"],
  many: TOPICS,
  message: ["contacts", "attention"],
  notice: ["notifications"],
  settings: ["limits"],
};
export const concerns = (change: Change): Topic[] => CONCERNS[change.type.split(".")[0] ?? ""] ?? [];

/** A topic is read again at most this often, in ms: four times a second, lists of thousands less. */
const AT_MOST: Record<Topic, number> = { limits: 250, calls: 250, attention: 250, campaigns: 250, jobs: 250, contacts: 2_000, groups: 2_000, notifications: 1_000 };
/** The server says nothing more after ten minutes: the next connection is there before. */
const RENEWED = 9 * 60_000;
/** A connection that lasted so long was one. */
const LASTED = 10_000;
/** Waits before another try, the last one again and again. */
const AGAIN = [1_000, 5_000, 15_000, 60_000];

let open = false;
const listeners = new Set<() => void>();

function become(next: boolean): void {
  if (open === next) return;
  open = next;
  for (const listener of listeners) listener();
}

/** Whether changes are pushed to this page. */
export const isTold = (): boolean => open;
export const useTold = (): boolean =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, isTold);

function parsed(data: unknown): Change | null {
  try {
    const change = JSON.parse(String(data)) as Partial<Change>;
    return typeof change.type === "string" && typeof change.id === "string" ? (change as Change) : null;
  } catch {
    return null;
  }
}

async function connect(): Promise<WebSocket> {
  const { ticket } = await body(api.POST("/api/live/tickets"));
  // By the address that this page has: another one is not ours to speak to.
  const address = new URL("/live", location.href.replace(/^http/, "ws"));
  address.searchParams.set("ticket", ticket);
  const socket = new WebSocket(address);
  return new Promise((done, failed) => {
    socket.addEventListener("open", () => done(socket));
    socket.addEventListener("error", () => failed(new Error("no connection")));
  });
}

/** Changes as they are pushed. Where no connection comes about, it goes on trying, and {@link isTold} says so. */
export const pushed: Source = {
  start(changed) {
    let ended = false;
    let current: WebSocket | null = null;
    let failures = 0;
    let since = 0;
    let next: ReturnType<typeof setTimeout> | undefined;
    const waiting = new Map<Topic, ReturnType<typeof setTimeout>>();
    const read = new Map<Topic, number>();

    const tell = (topic: Topic): void => {
      if (waiting.has(topic)) return;
      const since = performance.now() - (read.get(topic) ?? -Infinity);
      const later = () => {
        waiting.delete(topic);
        // Unseen pages read what they show when they are seen again.
        if (document.visibilityState !== "visible") return;
        read.set(topic, performance.now());
        changed(topic);
      };
      // A little later even so: what one change brings along comes with it.
      waiting.set(topic, setTimeout(later, Math.max(50, AT_MOST[topic] - since)));
    };
    const heard = (event: MessageEvent): void => {
      const change = parsed(event.data);
      if (change) concerns(change).forEach(tell);
    };
    const begin = async (): Promise<void> => {
      clearTimeout(next);
      try {
        const socket = await connect();
        if (ended) {
          socket.close();
          return;
        }
        const before = current;
        current = socket;
        since = performance.now();
        socket.addEventListener("message", heard);
        socket.addEventListener("close", () => {
          if (socket === current) lost();
        });
        // What changed between two connections was told to neither.
        if (!open) TOPICS.forEach(tell);
        become(true);
        before?.close();
        next = setTimeout(() => void begin(), RENEWED);
      } catch {
        if (!ended) lost();
      }
    };
    const lost = (): void => {
      // One that ended at once is a try that failed.
      if (current && performance.now() - since > LASTED) failures = 0;
      current = null;
      become(false);
      if (ended) return;
      clearTimeout(next);
      next = setTimeout(() => void begin(), (AGAIN[failures] ?? AGAIN.at(-1) ?? 0) * (0.75 + Math.random() / 2));
      failures = Math.min(failures + 1, AGAIN.length - 1);
    };
    void begin();
    return () => {
      ended = true;
      clearTimeout(next);
      waiting.forEach((timer) => clearTimeout(timer));
      current?.close();
      become(false);
    };
  },
};
