import type { Contact } from "../one";

export type Way = "sms" | "email";

type Reached = Pick<Contact, "do_not_contact" | "is_active" | "phone" | "email"> & { preferences: Pick<Contact["preferences"], "sms_opt_in" | "email_opt_in"> };

/** By which ways somebody may be written to: they agreed, and there is somewhere to write to. */
export function ways(contact: Reached): Way[] {
  if (contact.do_not_contact || !contact.is_active) return [];
  const { sms_opt_in: sms, email_opt_in: email } = contact.preferences;
  return [...(sms && contact.phone ? (["sms"] as const) : []), ...(email && contact.email ? (["email"] as const) : [])];
}
