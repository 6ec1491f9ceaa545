import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, body, versioned, type Schemas } from "@/api/client";

export type Contact = Schemas["Contact"];
export type ContactFound = Schemas["ContactFound"];

export const idOf = (contact: Contact | ContactFound): string => contact.id;

/** A contact and the version an edit names. */
export const contactQuery = (id: string) =>
  queryOptions({
    queryKey: ["contacts", id],
    queryFn: () => versioned(api.GET("/api/contacts/{contact_id}", { params: { path: { contact_id: id } } })),
    staleTime: 20_000,
  });

/** A contact as it is now, not read again by itself: each reading is an entry of the audit. */
export const contactOnce = (id: string) =>
  queryOptions({
    queryKey: ["contact-once", id],
    queryFn: () => body(api.GET("/api/contacts/{contact_id}", { params: { path: { contact_id: id } } })),
    staleTime: 60_000,
    gcTime: 0,
  });

/** Only the name, for lists that the API gives ids in. */
export function useContactName(id: string): string | undefined {
  return useQuery({ ...contactQuery(id), staleTime: 10 * 60_000, refetchOnMount: false, select: (found) => found.value.name }).data;
}
