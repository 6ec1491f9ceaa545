import { useSyncExternalStore } from "react";
import { now } from "@/api/clock";

let since: Date | null = null;
const listeners = new Set<() => void>();

function changed(): void {
  since = navigator.onLine ? null : (since ?? now());
  for (const listener of listeners) listener();
}

if (typeof window !== "undefined") {
  addEventListener("online", changed);
  addEventListener("offline", changed);
}

/** Since when there is no connection; null while there is one. */
export const useOfflineSince = (): Date | null =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => since,
  );
