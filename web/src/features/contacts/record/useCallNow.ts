import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal } from "@/api/problem";
import { follow } from "@/features/calls/follow";
import { useZone } from "@/features/session/business";
import { clock } from "@/lib/time";
import { toast } from "@/ui/toast";
import type { Contact } from "../one";

/** Calls somebody now; every "no" comes back as a refusal to be shown in the page. */
export function useCallNow(contact: Contact) {
  const client = useQueryClient();
  const zone = useZone();
  const call = useMutation({
    mutationFn: (queue: boolean) => body(api.POST("/api/contacts/{contact_id}/call-now", { params: { path: { contact_id: contact.id } }, body: { queue } })),
    onSuccess: (answer) => {
      if (answer.session_id) follow(answer.session_id, contact.id);
      const waits = answer.estimated_at && Date.parse(answer.estimated_at) > now().getTime() + 60_000;
      toast(waits && answer.estimated_at ? `Next in line, about ${clock(new Date(answer.estimated_at), zone)}.` : "Call started.");
      for (const warning of answer.warnings) toast(warning.detail);
      for (const topic of ["calls", "limits"]) void client.invalidateQueries({ queryKey: [topic] });
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ["contacts", contact.id] }),
  });
  const refusal = call.error instanceof Refusal ? call.error : null;
  return { call, refusal };
}
