import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { Refusal } from "@/api/problem";
import { saidName } from "@/features/preferences/hidden";
import { toast } from "@/ui/toast";
import type { Entry } from "./queries";

/** What was done about a piece of work. Two of them also set the appointment's status. */
export const DONE = [
  { id: "confirmed", name: "Rang, confirmed", text: "Rang and confirmed", status: "confirmed" },
  { id: "cancelled", name: "Rang, cancelled", text: "Rang and cancelled", status: "cancelled" },
  // The new time is set where times are; saying so here changes nothing of the appointment.
  { id: "moved", name: "Moved", text: "Moved to another time", status: null },
  { id: "message", name: "Left a message", text: "Left a message", status: null },
  { id: "not_needed", name: "Not needed", text: "Not needed", status: null },
] as const;

export type Done = { text: string; status: "confirmed" | "cancelled" | null };

export function useWorkActions() {
  const client = useQueryClient();
  const settled = () => {
    void client.invalidateQueries({ queryKey: ["attention"] });
    void client.invalidateQueries({ queryKey: ["contacts"] });
  };
  const at = (entry: Entry) => ({ path: { attention_id: entry.attention_id } });

  const resolve = useMutation({
    mutationFn: async ({ entry, done }: { entry: Entry; done: Done }) => {
      if (done.status) {
        await api.PATCH("/api/contacts/{contact_id}", {
          params: { path: { contact_id: entry.contact.id } },
          body: {
            appointment_status: done.status,
            reason: done.text,
            ...(entry.appointment_id && { appointment_id: entry.appointment_id }),
            ...(done.status === "confirmed" && { confirmation_method: "phone" }),
          },
        });
      }
      try {
        await api.POST("/api/attention/{attention_id}/resolve", { params: at(entry), body: { done: done.text } });
      } catch (error) {
        // The change of status may have settled it already.
        if (!(done.status && error instanceof Refusal && error.status === 409)) throw error;
      }
    },
    onSuccess: (_, { entry, done }) => toast(`${saidName(entry.contact.name)}: ${done.text.toLowerCase()}.`),
    onSettled: settled,
  });
  const reopen = useMutation({ mutationFn: (entry: Entry) => body(api.POST("/api/attention/{attention_id}/reopen", { params: at(entry), body: {} })), onSuccess: () => toast("Back on the list."), onSettled: settled });
  const snooze = useMutation({
    mutationFn: ({ entry, until }: { entry: Entry; until: string | null }) => body(api.POST("/api/attention/{attention_id}/snooze", { params: at(entry), body: { until } })),
    onSettled: settled,
  });
  const assign = useMutation({
    mutationFn: ({ entry, to }: { entry: Entry; to: string | null }) => body(api.POST("/api/attention/{attention_id}/assign", { params: at(entry), body: { assigned_to: to } })),
    onSettled: settled,
  });
  const note = useMutation({
    mutationFn: ({ entry, text }: { entry: Entry; text: string }) => body(api.POST("/api/attention/{attention_id}/note", { params: at(entry), body: { text } })),
    onSuccess: () => toast("Note added."),
    onSettled: settled,
  });
  return { resolve, reopen, snooze, assign, note };
}
