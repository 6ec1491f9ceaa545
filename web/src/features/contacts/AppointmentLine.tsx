import { Lock } from "lucide-react";
import { useHidden } from "@/features/preferences/hidden";
import { useAppointmentTypes } from "@/features/session/business";
import type { Contact } from "./one";

type Shown = Pick<Contact, "appointment_type" | "appointment_duration" | "owner_name">;

/** `Check-up, 30 min, Dr Rao`; a sensitive type is `Private`. */
export function AppointmentLine({ contact, long = false }: { contact: Shown; long?: boolean }) {
  const types = useAppointmentTypes().data;
  const hidden = useHidden();
  const { appointment_type: type, appointment_duration: minutes, owner_name: owner } = contact;
  const secret = type ? types?.some((each) => each.name === type && each.sensitivity === "sensitive") : false;
  const rest = [minutes ? `${String(minutes)} min` : null, owner ? (long ? `with ${owner}` : owner) : null].filter(Boolean).join(", ");
  if (hidden) return minutes ? `${String(minutes)} min` : "";
  if (secret && !long) {
    return (
      <>
        <Lock size={13} aria-hidden /> Private{rest && `, ${rest}`}
      </>
    );
  }
  return [type, rest].filter(Boolean).join(", ");
}
