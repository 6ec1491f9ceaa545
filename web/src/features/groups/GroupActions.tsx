import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { useMay } from "@/features/session/use";
import { IconButton } from "@/ui/Button";
import { Menu } from "@/ui/Menu";
import { toast } from "@/ui/toast";
import { GroupDialog } from "./GroupDialog";
import type { Group } from "./queries";

export function useArchive(group: Group) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (archived: boolean) => body(api.PATCH("/api/groups/{group_id}", { params: { path: { group_id: group.id } }, body: { archived } })),
    onSuccess: (_, archived) => {
      toast(archived ? "Archived." : "Brought back.");
      void client.invalidateQueries({ queryKey: ["groups"] });
    },
  });
}

/** What somebody who manages groups can do with one in a list. */
export function GroupMenu({ group }: { group: Group }) {
  const may = useMay();
  const navigate = useNavigate();
  const archive = useArchive(group);
  const [editing, setEditing] = useState(false);
  const archived = group.archived_at != null;
  if (!may("manage_business_settings")) return null;
  return (
    <>
      <Menu
        label={`More for ${group.name}`}
        trigger={<IconButton icon={Ellipsis} label={`More for ${group.name}`} />}
        actions={[
          { id: "open", name: "Open", run: () => void navigate({ to: "/groups/$groupId", params: { groupId: group.id } }) },
          { id: "edit", name: "Edit", run: () => setEditing(true) },
          { id: "archive", name: archived ? "Bring back" : "Archive", run: () => archive.mutate(!archived) },
        ]}
      />
      {editing && <GroupDialog group={group} onClose={() => setEditing(false)} />}
    </>
  );
}
