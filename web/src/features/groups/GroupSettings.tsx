import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Archive, ArchiveRestore, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { useNouns } from "@/features/session/business";
import { count } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import { Facts, Panel } from "@/ui/Panel";
import { toast } from "@/ui/toast";
import css from "./GroupPage.module.css";
import { visibility } from "./view";
import type { Group } from "./queries";

/** What is done to a group as a whole: archive, empty, delete. */
export function GroupSettings({ group, etag }: { group: Group; etag: string }) {
  const nouns = useNouns();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState<"clear" | "delete" | null>(null);
  const [typed, setTyped] = useState("");
  const path = { path: { group_id: group.id } };
  const again = () => {
    void client.invalidateQueries({ queryKey: ["groups"] });
    void client.invalidateQueries({ queryKey: ["contacts"] });
  };
  const archive = useMutation({
    mutationFn: () => body(api.PATCH("/api/groups/{group_id}", { params: path, body: { archived: !group.archived_at } })),
    onSuccess: () => toast(group.archived_at ? "Brought back." : "Archived. Nobody in it was changed."),
    onSettled: again,
  });
  const clear = useMutation({
    mutationFn: () => body(api.POST("/api/groups/{group_id}/members/clear", { params: path, body: { name: typed } })),
    onSuccess: () => {
      toast("The group is empty. This can be undone for ten minutes under background work.");
      setAsking(null);
    },
    onSettled: again,
  });
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/groups/{group_id}", { params: { ...path, header: { "If-Match": etag } } }),
    onSuccess: () => {
      toast("Group deleted. Its people stay.");
      void navigate({ to: "/groups" });
    },
    onSettled: again,
  });
  const act = asking === "clear" ? clear : remove;
  return (
    <div className={css.settings}>
      <Panel title="This group" padded>
        <Facts
          rows={[
            ["Who sees it", visibility(group).name],
            ["Members", count(group.contact_count, nouns.one, nouns.many)],
            ["State", group.archived_at ? "Archived" : "In use"],
          ]}
        />
      </Panel>
      <Panel title="Change the whole group">
        <ul className={css.rows}>
          <li>
            <Button small icon={group.archived_at ? ArchiveRestore : Archive} isPending={archive.isPending} onPress={() => archive.mutate()}>
              {group.archived_at ? "Bring back" : "Archive"}
            </Button>
            <span className="muted">{group.archived_at ? "It can be used and filled again." : "It leaves the lists and takes no new members. Nobody in it is changed."}</span>
          </li>
          {group.contact_count > 0 && (
            <li>
              <Button small onPress={() => setAsking("clear")}>
                Remove all members
              </Button>
              <span className="muted">You type the group’s name first. Can be undone for ten minutes.</span>
            </li>
          )}
          <li>
            <Button small look="danger" icon={Trash2} onPress={() => setAsking("delete")}>
              Delete group
            </Button>
            <span className="muted">Its people stay; they are in one group less.</span>
          </li>
        </ul>
      </Panel>
      {asking && (
        <Dialog
          title={asking === "clear" ? "Remove all members?" : "Delete this group?"}
          alert
          open
          onClose={() => setAsking(null)}
          footer={
            <>
              <Button onPress={() => setAsking(null)}>Keep</Button>
              <Button look="danger" isDisabled={typed !== group.name} isPending={act.isPending} onPress={() => act.mutate()}>
                {asking === "clear" ? "Remove all" : "Delete"}
              </Button>
            </>
          }
        >
          {act.isError && <ErrorNote error={act.error} what="Nothing was changed." />}
          <p>
            {asking === "clear"
              ? `${count(group.contact_count, nouns.one, nouns.many)} ${group.contact_count === 1 ? "leaves" : "leave"} the group and ${group.contact_count === 1 ? "stays" : "stay"} under ${nouns.Many}. Can be undone for ten minutes.`
              : `Its ${count(group.contact_count, nouns.one, nouns.many)} stay under ${nouns.Many}; they are in one group less.`}
          </p>
          <TextField label={`Type “${group.name}” to confirm`} value={typed} onChange={setTyped} autoComplete="off" autoFocus />
        </Dialog>
      )}
    </div>
  );
}
