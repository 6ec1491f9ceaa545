import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, body } from "@/api/client";
import { Refusal } from "@/api/problem";
import { Name } from "@/features/preferences/hidden";
import { useNouns } from "@/features/session/business";
import { count, number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import css from "./GroupsPage.module.css";
import { GroupTile } from "./GroupTile";

/** Groups that businesses of this kind often have; what they are changes with the kind alone. */
export function useTemplates(enabled = true) {
  return useQuery({ queryKey: ["groups", "templates"], queryFn: () => body(api.GET("/api/groups/templates")), staleTime: Infinity, enabled });
}

/** The templates, with whom each would hold; one of them at once where it was chosen before. */
export function TemplatesDialog({ first = null, onClose }: { first?: string | null; onClose: () => void }) {
  const nouns = useNouns();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState(first);
  const templates = useTemplates();
  const proposal = useMutation({
    mutationFn: async (template: string) => {
      const answer = await body(api.POST("/api/groups/templates/apply", { body: { template, dry_run: true } }));
      if ("id" in answer) throw new Error("a dry run made a group");
      return answer;
    },
  });
  const { mutate: see } = proposal;
  useEffect(() => {
    if (first) see(first);
  }, [first, see]);
  const apply = useMutation({
    mutationFn: (template: string) => body(api.POST("/api/groups/templates/apply", { body: { template } })),
    onSuccess: (group) => {
      void client.invalidateQueries({ queryKey: ["groups"] });
      void client.invalidateQueries({ queryKey: ["contacts"] });
      onClose();
      if ("id" in group) void navigate({ to: "/groups/$groupId", params: { groupId: group.id } });
    },
  });
  const refusal = apply.error ?? proposal.error;
  return (
    <Dialog
      title="Templates"
      open
      onClose={onClose}
      footer={
        chosen &&
        proposal.data && (
          <>
            <Button onPress={() => setChosen(null)}>Back</Button>
            <Button look="primary" isPending={apply.isPending} onPress={() => apply.mutate(chosen)}>
              {proposal.data.estimated_members > 0 ? `Make the group with ${count(proposal.data.estimated_members, nouns.one, nouns.many)}` : "Make it empty"}
            </Button>
          </>
        )
      }
    >
      {refusal && <ErrorNote error={refusal} what={refusal instanceof Refusal ? `${refusal.problem.title}.` : "Nothing was made."} />}
      {templates.isPending && <Skeleton rows={4} />}
      {chosen && proposal.data ? (
        <>
          <p>
            {proposal.data.estimated_members > 0 ? (
              <>
                “{proposal.data.name}” would hold <b>{count(proposal.data.estimated_members, nouns.one, nouns.many)}</b>.
              </>
            ) : (
              <>Nobody fits “{proposal.data.name}” yet. You can make it now and add {nouns.many} yourself.</>
            )}
          </p>
          {proposal.data.members.length > 0 && (
            <p className="muted">
              {proposal.data.members.slice(0, 12).map((each, place) => (
                <span key={each.id}>
                  {place > 0 && ", "}
                  <Name>{each.name}</Name>
                </span>
              ))}
              {proposal.data.estimated_members > 12 && ` and ${number(proposal.data.estimated_members - 12)} more`}
            </p>
          )}
        </>
      ) : (
        <ul className={css.templates}>
          {templates.data?.templates.length === 0 && <Empty title="There are no templates for your kind of business" />}
          {templates.data?.templates.map((each) => (
            <li key={each.id} className={css.template}>
              <GroupTile group={{ color: each.color, icon: null }} />
              <div>
                <b>{each.name}</b>
                <p className="muted">{each.description}</p>
              </div>
              <Button
                small
                isPending={proposal.isPending && chosen === each.id}
                onPress={() => {
                  setChosen(each.id);
                  see(each.id);
                }}
              >
                See who<span className="hidden-visually"> for {each.name}</span>
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
