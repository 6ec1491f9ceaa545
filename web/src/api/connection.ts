import { onlineManager } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { now } from "./clock";

/** Asked again this often while nothing answers. */
const AGAIN = 3_000;

let since: Date | null = null;
let asking = false;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function become(next: Date | null): void {
  if ((since === null) === (next === null)) return;
  since = next;
  // What is read waits meanwhile, and is read again as soon as there is a way.
  onlineManager.setOnline(next === null);
  for (const listener of listeners) listener();
}

/** An answer came, whatever it says. */
export function reached(): void {
  clearTimeout(timer);
  become(null);
}

/** A request got no answer. Another one decides whether that was it alone. */
export function missed(): void {
  if (!asking) void probe();
}

async function probe(): Promise<void> {
  asking = true;
  clearTimeout(timer);
  try {
    await fetch("/api/health", { cache: "no-store", signal: AbortSignal.timeout(8_000) });
    reached();
  } catch {
    become(since ?? now());
    timer = setTimeout(() => void probe(), AGAIN);
  } finally {
    asking = false;
  }
}

/** Follows the connection. What the browser says is a hint: a cable may be in while the server is not there. */
export function startConnection(): void {
  onlineManager.setEventListener(() => () => null);
  addEventListener("offline", () => {
    become(since ?? now());
    missed();
  });
  addEventListener("online", missed);
}

export const connection = {
  /** Since when nothing answers; null while something does. */
  since: (): Date | null => since,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export const useOfflineSince = (): Date | null => useSyncExternalStore((listener) => connection.subscribe(listener), connection.since);
