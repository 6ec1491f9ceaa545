import type { Schemas } from "@/api/client";
import type { Contact } from "./one";

type Seen = Pick<Contact, "appointment_time" | "appointment_status" | "next_call_at" | "preferred_contact_method"> & { preferences: { voice_consent: Pick<Contact["preferences"]["voice_consent"], "state"> } };

/** Whether no reminder is planned because they have not agreed to calls, or withdrew that: what a person at the desk can mend. */
export function lacksConsent(contact: Seen, business: Pick<Schemas["BusinessView"], "require_voice_consent"> | undefined, at: Date): boolean {
  return (
    business?.require_voice_consent === true &&
    contact.preferences.voice_consent.state !== "given" &&
    contact.preferred_contact_method === "voice" &&
    !contact.next_call_at &&
    ["pending", "rescheduled"].includes(contact.appointment_status) &&
    contact.appointment_time != null &&
    Date.parse(contact.appointment_time) > at.getTime()
  );
}
