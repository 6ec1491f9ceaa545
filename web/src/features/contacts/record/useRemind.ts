import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { toast } from "@/ui/toast";
import type { Contact } from "../one";

/** Sends the reminder of the coming appointment now, by the way that the person prefers; a refusal is shown in the page. */
export function useRemind(contact: Contact) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => body(api.POST("/api/contacts/{contact_id}/send-reminder", { params: { path: { contact_id: contact.id } }, body: {} })),
    onSuccess: (sent) => {
      void client.invalidateQueries({ queryKey: ["contacts", contact.id] });
      toast(sent.channel === "email" ? "The reminder is on its way by email." : "The reminder is on its way as a text message.");
    },
  });
}
