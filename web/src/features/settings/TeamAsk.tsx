import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import type { Member } from "./members";

/** What is asked before it is done. */
export interface Asked {
  member: Member;
  act: "reset" | "deactivate" | "delete" | "withdraw";
}

const WORDS: Record<Asked["act"], { title: string; text: string; button: string; done: (name: string) => string; danger: boolean }> = {
  reset: { title: "Send a link to a new password?", text: "Their present password works until they use the link. It is good for an hour, once.", button: "Send the link", done: (name) => `A link is on its way to ${name}.`, danger: false },
  deactivate: { title: "Deactivate?", text: "They are signed out everywhere at once and cannot sign in until you let them in again. What they did stays.", button: "Deactivate", done: (name) => `${name} cannot sign in any more.`, danger: true },
  delete: { title: "Delete this account?", text: "This cannot be undone. They are signed out everywhere; what they did stays in the audit trail.", button: "Delete", done: (name) => `${name}'s account is deleted.`, danger: true },
  withdraw: { title: "Withdraw the invitation?", text: "The link that was sent stops working at once.", button: "Withdraw", done: () => "The invitation is withdrawn.", danger: true },
};

export function AskDialog({ asked: { member, act }, onClose }: { asked: Asked; onClose: () => void }) {
  const client = useQueryClient();
  const words = WORDS[act];
  const params = { path: { user_id: member.id } };
  const run = useMutation({
    mutationFn: async () => {
      if (act === "reset") await api.POST("/api/team/{user_id}/reset-password", { params });
      else if (act === "deactivate") await api.PATCH("/api/team/{user_id}", { params, body: { status: "inactive" } });
      else await api.DELETE("/api/team/{user_id}", { params });
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["team"] });
      toast(words.done(member.full_name));
      onClose();
    },
  });
  return (
    <Dialog
      title={words.title}
      alert
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look={words.danger ? "danger" : "primary"} isPending={run.isPending} onPress={() => run.mutate()}>
            {words.button}
          </Button>
        </>
      }
    >
      {run.isError && <ErrorNote error={run.error} what="Not done." />}
      <p>
        <b>{member.full_name}</b>, {member.email}. {words.text}
      </p>
    </Dialog>
  );
}
