import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/api/client";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** The number whose do-not-call entry is looked for; never in the address. */
    listed?: string;
  }
}

export type Entry = Schemas["DoNotCallEntry"];

/** The do-not-call entry of a number, null where it is on no list; asked once the number can be one. */
export function useEntryOf(phone: string | null): UseQueryResult<Entry | null> {
  const asked = phone?.trim() ?? "";
  return useQuery({
    queryKey: ["dnc", "of", asked],
    queryFn: async () => (await body(api.POST("/api/dnc/find", { body: { phone: asked } }))).entry ?? null,
    enabled: asked.length >= 5,
    gcTime: 0,
    retry: false,
  });
}
