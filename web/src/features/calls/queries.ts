import { useQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";
import { useMay } from "@/features/session/use";
import { UNDER_WAY, isOver } from "./words";

export type CallSession = Schemas["CallSession"];
const NONE: CallSession[] = [];

export type Limits = Schemas["Limits"];

export function useLimits() {
  const may = useMay();
  return useQuery({ queryKey: ["limits"], queryFn: () => body(api.GET("/api/calls/limits")), enabled: may("view_call_results", "trigger_manual_calls") });
}

/** Calls on their way or on the phone; undefined until that is known. Asked for only while the window holds a call: with none in it, none can be. */
export function useCallsUnderWay(): CallSession[] | undefined {
  const may = useMay();
  const { data: limits, isLoading } = useLimits();
  const some = may("view_call_results") && limits !== undefined && limits.used + limits.waiting.call_now > 0;
  const { data, isPending } = useQuery({
    queryKey: ["calls", "under-way"],
    queryFn: () => body(api.GET("/api/calls", { params: { query: { status: UNDER_WAY.join(","), page_size: 50 } } })),
    enabled: some,
    select: (page) => [...page.calls].sort((a, b) => (a.placed_at ?? "9").localeCompare(b.placed_at ?? "9")),
  });
  if (isLoading || (some && isPending)) return undefined;
  return (some && data) || NONE;
}

/** A call that somebody follows is seen within a second of what happens to it (S0), also where no socket tells of it; one that waits in line is read less often. */
const AT_WORK = 800;
const IN_LINE = 1_500;

/** One call. */
export function useCall(sessionId: string, following = false) {
  return useQuery({
    queryKey: ["calls", sessionId],
    queryFn: () => body(api.GET("/api/calls/{session_id}", { params: { path: { session_id: sessionId } } })),
    refetchInterval: (query) => {
      const status = query.state.data?.status;
      if (!following || !status || isOver(status)) return false;
      return status === "planned" ? IN_LINE : AT_WORK;
    },
  });
}
