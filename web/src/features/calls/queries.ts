import { useQueries, useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";
import { measureAtLeast, measureExactly } from "@/api/clock";
import { useMay } from "@/features/session/use";
import { UNDER_WAY } from "./words";

export type CallSession = Schemas["CallSession"];
export type Limits = Schemas["Limits"];

async function readLimits(): Promise<Limits> {
  const limits = await body(api.GET("/api/calls/limits"));
  const free = !limits.paused && !limits.back_off_until && limits.used < limits.limit && limits.used_today < limits.daily_limit;
  if (limits.available_at) {
    if (free) measureExactly(limits.available_at);
    // A slot lives a window after the call; the earliest that comes back was taken at most so long ago.
    else if (!limits.back_off_until) measureAtLeast(Date.parse(limits.available_at) - (limits.window_seconds + 60) * 1000);
  }
  return limits;
}

export function useLimits() {
  const may = useMay();
  return useQuery({ queryKey: ["limits"], queryFn: readLimits, enabled: may("view_call_results", "trigger_manual_calls") });
}

/** Calls on their way or on the phone. Asked for only while the window holds a call: with none in it, none can be. */
export function useCallsUnderWay(): CallSession[] {
  const may = useMay();
  const limits = useLimits().data;
  const some = may("view_call_results") && limits !== undefined && limits.used + limits.waiting.call_now > 0;
  return useQueries({
    queries: UNDER_WAY.map((status) => ({
      queryKey: ["calls", "under-way", status],
      queryFn: () => body(api.GET("/api/calls", { params: { query: { status, page_size: 50 } } })),
      enabled: some,
    })),
    combine: (answers) => {
      const calls = new Map<string, CallSession>();
      if (some) for (const { data } of answers) for (const call of data?.calls ?? []) calls.set(call.session_id, call);
      return [...calls.values()].sort((a, b) => (a.placed_at ?? "9").localeCompare(b.placed_at ?? "9"));
    },
  });
}

/** One call, read every second or two while somebody follows it. */
export function useCall(sessionId: string, following = false) {
  return useQuery({
    queryKey: ["calls", sessionId],
    queryFn: () => body(api.GET("/api/calls/{session_id}", { params: { path: { session_id: sessionId } } })),
    refetchInterval: (query) => (following && query.state.data && !["completed", "failed", "cancelled", "unknown"].includes(query.state.data.status) ? 1_500 : false),
  });
}
