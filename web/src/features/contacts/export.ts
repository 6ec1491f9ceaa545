import { useMutation } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { Refusal } from "@/api/problem";
import { now } from "@/api/clock";
import type { Nouns } from "@/lib/words";
import { toast } from "@/ui/toast";

/** The list that is looked at, as a file of the browser's. Who exported what is in the audit. */
export function useExport(search: Schemas["ContactSearch"], nouns: Nouns) {
  return useMutation({
    mutationFn: async () => {
      const { data } = await api.POST("/api/contacts/export", { body: search, parseAs: "blob" });
      const address = URL.createObjectURL(data as Blob);
      const link = document.createElement("a");
      link.href = address;
      link.download = `${nouns.many}-${now().toISOString().slice(0, 10)}.csv`;
      link.click();
      // The download has its own hold on it by then.
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    },
    onSuccess: () => toast("Exported. The file holds personal data: keep it where only your team reads it."),
    onError: (error) => toast(error instanceof Refusal ? error.detail : "Nothing was exported.", true),
  });
}
