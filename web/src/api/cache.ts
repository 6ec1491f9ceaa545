import { QueryClient } from "@tanstack/react-query";
import { Refusal } from "./problem";
import { session } from "./session";

/** What was read, in memory only. */
export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      gcTime: 5 * 60_000,
      // A refusal is an answer; only what did not arrive or broke on the other side is asked again.
      retry: (failures, error) => failures < 2 && (!(error instanceof Refusal) || error.status === 0 || error.status >= 500),
      refetchOnWindowFocus: false,
    },
    mutations: { retry: false },
  },
});

// The next person at this desk finds nothing of the one before.
session.subscribe(() => {
  if (session.get().status === "out") client.clear();
});
