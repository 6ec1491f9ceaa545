import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { useBusiness, useZone } from "@/features/session/business";
import { instantOf } from "@/lib/time";
import { faultsFrom, faultsOf, placeOf, requestOf, STEPS, wrongBefore, type Draft, type Fault, type Options, type Step } from "./options";

type Request = Schemas["GroupBulkCallRequest"];
type Answer = Schemas["CampaignDryRun"] | Schemas["CampaignStarted"];

interface Asks {
  /** Tells this campaign from others. */
  id: string;
  draft: Draft;
  set: (next: Draft) => void;
  ask: (request: Request) => Promise<Answer>;
  onStarted?: () => void;
}

/** The four steps to a campaign: what is entered, what would happen, and the start. */
export function useCampaignFlow({ id, draft: { options, step }, set, ask, onStarted }: Asks) {
  const zone = useZone();
  const known = useBusiness().data !== undefined;
  const client = useQueryClient();
  const navigate = useNavigate();
  const instant = (date: string, time: string) => instantOf(date, time, zone).toISOString();
  const past = (date: string, time: string) => instantOf(date, time, zone).getTime() < now().getTime() - 60_000;
  // What the last check is made of; each time somebody comes to it, it is made anew.
  const [asked, setAsked] = useState({ options, round: 0 });
  const dry = useQuery({
    queryKey: ["dry-run", id, asked.round],
    queryFn: async () => {
      const answer = await ask(requestOf(asked.options, instant, true));
      if (!("members" in answer)) throw new Error("a dry run began a campaign");
      return { run: answer, at: now() };
    },
    // A time is one of the business's zone.
    enabled: step === "check" && known,
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    networkMode: "always",
    refetchOnWindowFocus: false,
  });
  // Kept while it is tried again, so that what says so stays.
  const [notStarted, setNotStarted] = useState<Error | null>(null);
  const start = useMutation({
    mutationFn: () => ask(requestOf(asked.options, instant, false)),
    onError: setNotStarted,
    onSuccess: (answer) => {
      void client.invalidateQueries({ queryKey: ["campaigns"] });
      onStarted?.();
      if ("campaign_id" in answer) void navigate({ to: "/calls/campaigns/$campaignId", params: { campaignId: answer.campaign_id } });
    },
  });

  const [tried, setTried] = useState(false);
  const faults = faultsOf(options, past);
  const refused = [notStarted, dry.error].find((each) => each instanceof Refusal) ?? null;
  // What the API found wrong is of what it was asked.
  const told = asked.options === options ? faultsFrom(byField(refused)) : {};
  const errors: Partial<Record<Fault, string>> = { ...told, ...(tried && faults) };

  // How often somebody went to a step: each time it takes the focus.
  const [moves, setMoves] = useState(0);

  const go = (to: Step) => {
    const wrong = wrongBefore(faults, to);
    setTried(wrong !== undefined);
    if (!wrong && to === "check") {
      setNotStarted(null);
      setAsked({ options, round: asked.round + 1 });
    }
    set({ options, step: wrong ?? to });
    setMoves(moves + 1);
  };
  return {
    step,
    options,
    errors,
    moves,
    change: (change: Partial<Options>) => set({ step, options: { ...options, ...change } }),
    go,
    next: () => go(STEPS[placeOf(step) + 1]?.id ?? "check"),
    back: () => go(STEPS[placeOf(step) - 1]?.id ?? "who"),
    dry,
    plan: dry.data?.run,
    checkedAt: dry.data?.at,
    start,
    again: () => {
      setNotStarted(null);
      void dry.refetch();
    },
    refusal: notStarted ?? dry.error,
  };
}

export type Flow = ReturnType<typeof useCampaignFlow>;
