import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronRight, Info, Users } from "lucide-react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { RefusalCard } from "@/features/calls/RefusalCard";
import { Choices } from "@/features/campaigns/Choices";
import { StepBody, StepButtons, StepNote } from "@/features/campaigns/CampaignSteps";
import { LEFT_OUT } from "@/features/campaigns/reasons";
import { Said } from "@/features/campaigns/Said";
import steps from "@/features/campaigns/Steps.module.css";
import { useCampaignFlow } from "@/features/campaigns/flow";
import { BEGINNING, STEPS, untouched, type Draft } from "@/features/campaigns/options";
import { MOST_OF_GROUP } from "@/features/campaigns/selected";
import { Restored } from "@/features/session/Restored";
import { useNouns } from "@/features/session/business";
import { useKept } from "@/features/session/useKept";
import { count, number } from "@/lib/words";
import { Hint } from "@/ui/Notes";
import { PageHeader, Panel } from "@/ui/Panel";
import { Stepper } from "@/ui/Stepper";
import css from "./GroupPage.module.css";
import { GroupTile } from "./GroupTile";
import type { Group } from "./queries";

/** Calling a whole group: who, when, with which words, then what would happen and the start. */
export function CallGroup({ group }: { group: Group }) {
  const nouns = useNouns();
  const navigate = useNavigate();
  const { value: draft, set, restored, discard, stay } = useKept<Draft>(`call-group.${group.id}`, BEGINNING);
  const flow = useCampaignFlow({
    id: group.id,
    draft,
    set,
    ask: (request) => body(api.POST("/api/groups/{group_id}/call-all", { params: { path: { group_id: group.id } }, body: request })),
  });
  const { step, options, plan } = flow;
  const example = useExample(group.id, step === "words");
  const people = count(group.contact_count, nouns.one, nouns.many);
  const unfit = group.contact_count === 0 || group.contact_count > MOST_OF_GROUP;
  const first = plan?.members.find((each) => each.would_call)?.contact_id;
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
        actions={!unfit && <Stepper label="Steps" steps={STEPS} current={step} onGo={flow.go} />}
      />
      {unfit ? (
        <RefusalCard
          title={group.contact_count === 0 ? "Nobody is in this group" : `Up to ${number(MOST_OF_GROUP)} people can be called at once`}
          line={group.contact_count === 0 ? `Put ${nouns.many} into it first.` : `${group.name} has ${people}. Call a part of it: choose them in the list, or make a smaller group.`}
          about={group.id}
          offers={[{ icon: Users, title: group.contact_count === 0 ? "Fill it" : "Choose some of them", line: `Select ${nouns.many} in the list.`, button: `Choose ${nouns.many}`, run: () => void navigate({ to: "/contacts", search: group.contact_count === 0 ? {} : { groups: [group.id] } }) }]}
        />
      ) : (
        <>
          <Restored shown={restored && !untouched(options)} onDiscard={discard} />
          <div className={css.call}>
            <StepBody flow={flow} groupId={group.id} example={example} onLeave={stay} who={<Who group={group} people={people} onLeave={stay} />} />
            <div className={css.side}>
              {plan && step === "check" && <Said contactId={first} options={options} onChange={() => flow.go("words")} onLeave={stay} />}
              {step !== "who" && (
                <div className={step === "check" ? undefined : steps.meanwhile}>
                  <Choices who={people} options={options} {...(step === "check" && { onGo: flow.go })} />
                </div>
              )}
              <Panel padded>
                <div className={steps.go}>
                  <StepButtons flow={flow} wide />
                  <StepNote flow={flow} />
                </div>
              </Panel>
            </div>
          </div>
        </>
      )}
    </>
  );
}

function Who({ group, people, onLeave }: { group: Group; people: string; onLeave: () => void }) {
  const nouns = useNouns();
  return (
    <Panel
      title="Who is called"
      padded
      aside={
        <Link to="/groups/$groupId/$tab" params={{ groupId: group.id, tab: "members" }} className={steps.link} onClick={onLeave}>
          See them
        </Link>
      }
    >
      <div className={steps.part}>
        <p className={steps.who}>
          <GroupTile group={group} />
          <span>
            <b>{people}</b>
            <span className="muted">
              Everybody who is in <bdi>{group.name}</bdi> when you start
            </span>
          </span>
        </p>
        {group.job_id && <Hint tone="waiting">{`More ${nouns.many} are being put into it; background work says how far it is.`}</Hint>}
        <p className={steps.note}>
          <Info size={15} aria-hidden />
          <span>{LEFT_OUT}</span>
        </p>
      </div>
    </Panel>
  );
}

/** Somebody of the group with an appointment to come, for whom the words can be shown; looked for once. */
function useExample(groupId: string, wanted: boolean): string | undefined {
  const found = useQuery({
    queryKey: ["example-of", groupId],
    queryFn: () => body(api.GET("/api/groups/{group_id}/members", { params: { path: { group_id: groupId }, query: { page_size: 25 } } })),
    enabled: wanted,
    staleTime: 60_000,
    gcTime: 0,
  });
  const coming = found.data?.members.find((each) => each.appointment_time && new Date(each.appointment_time) > now() && ["pending", "rescheduled"].includes(each.appointment_status));
  return (coming ?? found.data?.members[0])?.id;
}
