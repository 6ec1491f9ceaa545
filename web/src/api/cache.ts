import { MutationCache, QueryClient } from "@tanstack/react-query";
import { forgetToasts, toast } from "@/ui/toast";
import { Refusal } from "./problem";
import { forgetAtEnd } from "./session";

/** What was read, in memory only. */
export const client = new QueryClient({
  mutationCache: new MutationCache({
    // A change that did not get through is said, wherever it was made; forms say it beside what was typed as well.
    onError: (error) => {
      if (error instanceof Refusal && error.slug === "offline") toast("No connection: nothing was changed. Try again when it is back.", true);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      gcTime: 5 * 60_000,
      // A refusal is an answer; only what did not arrive or broke on the other side is asked again.
      retry: (failures, error) => failures < 2 && (!(error instanceof Refusal) || error.status === 0 || error.status >= 500),
      refetchOnWindowFocus: false,
      refetchOnReconnect: "always",
    },
    // Tried at once, and refused where there is no connection: nothing waits to be done later, when it may be wrong.
    mutations: { retry: false, networkMode: "always" },
  },
});

// The next person at this desk finds nothing of the one before.
forgetAtEnd(() => {
  client.clear();
  forgetToasts();
});
