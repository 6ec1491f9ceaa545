import type { Schemas } from "@/api/client";
import type { Contact } from "./one";

type Seen = Pick<Contact, "appointment_time" | "appointment_status" | "next_call_at"> & { preferences: { voice_consent: Pick<Contact["preferences"]["voice_consent"], "state"> } };

/** Whether no reminder is planned because nobody has asked them yet, or they withdrew it: what a person at the desk can mend. */
export function lacksConsent(contact: Seen, business: Pick<Schemas["BusinessView"], "require_voice_consent"> | undefined, at: Date): boolean {
  return (
    business?.require_voice_consent === true &&
    contact.preferences.voice_consent.state !== "given" &&
    !contact.next_call_at &&
    ["pending", "rescheduled"].includes(contact.appointment_status) &&
    contact.appointment_time != null &&
    Date.parse(contact.appointment_time) > at.getTime()
  );
}
