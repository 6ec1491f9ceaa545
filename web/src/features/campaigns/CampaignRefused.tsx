import { useQueries } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { CalendarClock, Hourglass, Megaphone, MessageSquareText, RotateCw, Settings, Users } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { RefusalCard, type Offer } from "@/features/calls/RefusalCard";
import { refusalCopy } from "@/features/calls/refusals";
import { useZone } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { timeWithin } from "@/lib/time";
import { useCountdown } from "@/lib/useCountdown";
import { waitWords } from "@/lib/words";
import { ErrorNote } from "@/ui/Notes";
import type { Flow } from "./flow";
import { faultsFrom, stepOf, type Fault } from "./options";
import { isGoing } from "./queries";

/** How often it is looked whether one of five has ended. */
const LOOK = 4_000;

interface Running {
  campaign_id: string;
  group_name?: string | null;
}

const runningOf = (refusal: Refusal): Running[] => {
  const list = refusal.problem.running;
  return Array.isArray(list) ? list.filter((each): each is Running => typeof each === "object" && each !== null && "campaign_id" in each) : [];
};

/** Why a campaign is not started, or cannot be foreseen, with what to do now. */
export function CampaignRefused({ flow, error, groupId, onLeave }: { flow: Flow; error: Error; groupId?: string; onLeave: () => void }) {
  const navigate = useNavigate();
  const may = useMay();
  const zone = useZone();
  const refusal = error instanceof Refusal ? error : null;
  const left = useCountdown(refusal?.retryAfter, refusal);
  if (!refusal) return <ErrorNote error={error} what="Not started." />;
  if (refusal.slug === "too-many-campaigns") return <FiveRunning flow={flow} refusal={refusal} onLeave={onLeave} />;
  const again: Offer = { icon: RotateCw, title: "Try again", line: left > 0 ? `Possible in ${waitWords(left)}.` : "What you chose is still here.", button: "Try again", run: () => (flow.plan ? flow.start.mutate() : flow.again()), isDisabled: left > 0 };
  const card = (title: string, line: ReactNode, offers: Offer[]) => <RefusalCard title={title} line={line} offers={offers} about={refusal} />;
  const leave = (go: () => Promise<void>) => () => {
    onLeave();
    void go();
  };
  switch (refusal.slug) {
    case "calling-not-configured": {
      const { title, line } = refusalCopy(refusal, "", zone);
      return card(title, line, [
        ...(may("configure_integrations") ? [{ icon: Settings, title: "Finish the set-up", line: "The agent, the caller number and the key.", button: "Open Integrations", run: leave(() => navigate({ to: "/settings/$section", params: { section: "integrations" } })) }] : []),
        again,
      ]);
    }
    case "forbidden":
      return card("You can see this but not start it", "It needs a permission that an administrator can grant. Nobody is called.", []);
    case "offline":
      return card("Not started: there is no connection", "Campaigns are not started while the connection is away. What you chose is still here.", [again]);
    case "rate-limited":
      return card(`Too many requests${left > 0 ? `: try again in ${waitWords(left)}` : ""}`, "Nobody is called.", [again]);
  }
  const fault = Object.keys(faultsFrom(byField(refusal)))[0] as Fault | undefined;
  if (fault) {
    const step = stepOf(fault);
    return card(step === "words" ? "Not started: the words cannot be said" : "Not started: the time does not fit", refusal.fields[0]?.detail ?? refusal.detail, [
      step === "words" ? { icon: MessageSquareText, title: "Change the words", line: "The step shows which they are.", button: "Back to Words", run: () => flow.go("words") } : { icon: CalendarClock, title: "Change when", line: "The rest stays as it is.", button: "Back to When", run: () => flow.go("when") },
    ]);
  }
  const unfit = refusal.fields.find(({ pointer }) => pointer === "/group_id");
  if (unfit && groupId) {
    const members: Offer = { icon: Users, title: "Change who is in it", line: "Members are put in and taken out there.", button: "Open the group", run: leave(() => navigate({ to: "/groups/$groupId", params: { groupId } })) };
    return card(unfit.code === "too_many_members" ? "Up to 1,000 people can be called at once" : "Nobody in this group can be called by you", unfit.detail, [members]);
  }
  if (refusal.status >= 500) return <ErrorNote error={refusal} what="Something failed on our side. Nobody is called." retry={again.run} />;
  return card(`Not started: ${refusal.problem.title.toLowerCase()}`, refusal.detail, [again]);
}

/** Five run at a time: which one ends first, and a start as soon as it has. */
function FiveRunning({ flow, refusal, onLeave }: { flow: Flow; refusal: Refusal; onLeave: () => void }) {
  const navigate = useNavigate();
  const zone = useZone();
  const [waits, setWaits] = useState(false);
  const running = runningOf(refusal);
  const stands = useQueries({
    queries: running.map(({ campaign_id: id }) => ({
      queryKey: ["campaigns", id, "status"],
      queryFn: () => body(api.GET("/api/groups/campaigns/{campaign_id}/status", { params: { path: { campaign_id: id }, query: { page_size: 10 } } })),
      refetchInterval: waits ? LOOK : (false as const),
      retry: false,
    })),
    combine: (answers) => answers.flatMap(({ data }) => (data ? [data] : [])),
  });
  const ended = stands.some(({ status }) => !isGoing(status));
  const { mutate, isPending } = flow.start;
  useEffect(() => {
    if (!waits || !ended || isPending) return;
    // Once it is taken off the five, which may be a moment later.
    const timer = setTimeout(() => mutate(), LOOK / 2);
    return () => clearTimeout(timer);
  }, [waits, ended, isPending, mutate]);
  const first = stands.filter((each) => each.estimated_completion).sort((a, b) => (a.estimated_completion ?? "").localeCompare(b.estimated_completion ?? ""))[0];
  const name = first?.group_name ?? "A call of selected people";
  return (
    <RefusalCard
      title="Five campaigns are already running"
      line={
        first?.estimated_completion ? (
          <>
            <i>
              <bdi>{name}</bdi>
            </i>{" "}
            ends about {timeWithin(new Date(first.estimated_completion), zone, now())}.
          </>
        ) : (
          "Nobody is called until one of them ends or is stopped."
        )
      }
      about={refusal.slug}
      offers={[
        waits
          ? { icon: Hourglass, title: "Starts when one ends", line: "Leave this page open until then.", button: "Do not wait", run: () => setWaits(false) }
          : { icon: Hourglass, title: "Start when one ends", line: "It starts by itself while this page is open.", button: "Start when one ends", run: () => setWaits(true) },
        {
          icon: Megaphone,
          title: "See the five",
          line: "One that is not needed any more can be stopped.",
          button: "See running",
          run: () => {
            onLeave();
            void navigate({ to: "/calls/campaigns" });
          },
        },
      ]}
    />
  );
}

