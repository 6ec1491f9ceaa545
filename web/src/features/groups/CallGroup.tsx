import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronRight, Phone } from "lucide-react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { OptionsForm } from "@/features/campaigns/OptionsForm";
import { NotStarted } from "@/features/campaigns/NotStarted";
import { Plan } from "@/features/campaigns/Plan";
import { PLAIN, complete, requestOf, untouched, type Options } from "@/features/campaigns/options";
import { Restored } from "@/features/session/Restored";
import { useZone } from "@/features/session/business";
import { useKept } from "@/features/session/useKept";
import { clock, dayAndTime, instantOf } from "@/lib/time";
import { count, capital } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Facts, PageHeader, Panel } from "@/ui/Panel";
import css from "./GroupPage.module.css";
import type { Group } from "./queries";

const TIMING = { immediate: "As fast as allowed", scheduled: "At a time", staggered: "Spread out" };

/** Calling a whole group: when and with which words, then what would happen, then the start. */
export function CallGroup({ group }: { group: Group }) {
  const zone = useZone();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { value: options, set: setOptions, restored, discard } = useKept<Options>(`call-group.${group.id}`, PLAIN);
  const instant = (date: string, time: string) => instantOf(date, time, zone).toISOString();
  const ask = (dry: boolean) => body(api.POST("/api/groups/{group_id}/call-all", { params: { path: { group_id: group.id } }, body: requestOf(options, instant, dry) }));
  const dry = useMutation({ mutationFn: () => ask(true) });
  const start = useMutation({
    mutationFn: () => ask(false),
    onSuccess: (answer) => {
      void client.invalidateQueries({ queryKey: ["campaigns"] });
      if ("campaign_id" in answer) void navigate({ to: "/calls/campaigns/$campaignId", params: { campaignId: answer.campaign_id } });
    },
  });
  const plan = dry.data && "members" in dry.data ? dry.data : null;
  const refusal = start.error ?? dry.error;
  return (
    <>
      <PageHeader
        above={
          <nav aria-label="Where you are" className={css.crumbs}>
            <Link to="/groups">Groups</Link> <ChevronRight size={14} aria-hidden />
            <Link to="/groups/$groupId" params={{ groupId: group.id }}>
              <bdi>{group.name}</bdi>
            </Link>
          </nav>
        }
        title={`Call everyone in ${group.name}`}
        line={plan ? "Nobody is called until you start." : `${count(group.contact_count, "person", "people")}. First choose when and with which words; then see what would happen.`}
      />
      {refusal && <NotStarted refusal={refusal} />}
      <Restored shown={!plan && restored && !untouched(options)} onDiscard={discard} />
      <div className={css.call}>
        {plan ? <Plan run={plan} /> : <OptionsForm options={options} onChange={setOptions} errors={byField(dry.error instanceof Refusal ? dry.error : null)} />}
        <div className={css.side}>
          {plan && (
            <Panel
              title="Your choices"
              padded
              aside={
                <Button small look="quiet" onPress={() => dry.reset()}>
                  Change
                </Button>
              }
            >
              <Facts
                rows={[
                  ["When", options.timing === "scheduled" ? dayAndTime(instantOf(options.date, options.time, zone), zone, now()) : TIMING[options.timing]],
                  ["Priority", capital(options.priority)],
                  ["Words added", options.words ? "Yes" : "None"],
                ]}
              />
              {options.words && <q className="muted">{options.words}</q>}
            </Panel>
          )}
          <Panel padded>
            <div className={css.go}>
              {plan ? (
                <Button look="primary" icon={Phone} wide isDisabled={plan.to_be_called === 0} isPending={start.isPending} onPress={() => start.mutate()}>
                  {plan.to_be_called === 0 ? "Nobody would be called" : `Call ${count(plan.to_be_called, "person", "people")} from ${clock(new Date(plan.starts_at), zone, true)}`}
                </Button>
              ) : (
                <Button look="primary" wide isDisabled={!complete(options)} isPending={dry.isPending} onPress={() => dry.mutate()}>
                  See what would happen
                </Button>
              )}
              <p className="muted">{plan ? `You can pause or stop at any time. Calls already ringing finish. Checked at ${clock(now(), zone)}; anyone whose consent or status changes before their turn is left out.` : "This only checks. Nobody is called yet."}</p>
            </div>
          </Panel>
        </div>
      </div>
    </>
  );
}
