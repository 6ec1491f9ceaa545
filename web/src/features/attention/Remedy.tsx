import { useNavigate } from "@tanstack/react-router";
import { CalendarPlus, ExternalLink, Phone, SquarePen, Users } from "lucide-react";
import type { ContactFound } from "@/features/contacts/one";
import { useHidden } from "@/features/preferences/hidden";
import { useMay, useMayEdit } from "@/features/session/use";
import { phoneText } from "@/lib/phone";
import { Button, buttonClass } from "@/ui/Button";
import css from "./WorkList.module.css";
import type { Entry } from "./queries";
import { reasonOf } from "./reasons";

/** What the main button of an entry does; without a number nobody can be rung, and the record is opened. */
export function remedyOf(entry: Entry, person: ContactFound | undefined) {
  const { remedy } = reasonOf(entry.reason);
  return (remedy === "ring" || remedy === "again") && !person?.phone ? "open" : remedy;
}

/** The one thing that helps: ring, choose a time, correct the number, compare, or open the record. */
export function Remedy({ entry, person, primary = false, onGone }: { entry: Entry; person: ContactFound | undefined; primary?: boolean; onGone?: () => void }) {
  const hidden = useHidden();
  const navigate = useNavigate();
  const mayEdit = useMayEdit();
  const mayCall = useMay()("trigger_manual_calls");
  const wanted = remedyOf(entry, person);
  // Who may not have Vio call rings themselves.
  const remedy = wanted === "again" && !mayCall ? "ring" : wanted;
  const editable = person ? mayEdit(person) : mayEdit({});
  const look = primary ? "primary" : "secondary";
  if (remedy === "ring") {
    return (
      <a className={buttonClass({ look, small: true })} href={`tel:${person?.phone ?? ""}`}>
        <Phone size={15} aria-hidden /> Ring <span className={`${css.number ?? ""} num`}>{hidden ? "" : phoneText(person?.phone ?? "")}</span>
      </a>
    );
  }
  const go = () => {
    onGone?.();
    if (remedy === "compare") void navigate({ to: "/contacts/duplicates", search: { of: entry.contact.id } });
    else void navigate({ to: "/contacts/$contactId", params: { contactId: entry.contact.id }, search: remedy === "again" ? { do: "call" } : remedy === "move" ? { do: "move" } : remedy === "edit_phone" ? { do: "edit" } : {} });
  };
  return (
    <Button small look={look} icon={remedy === "again" ? Phone : remedy === "move" ? CalendarPlus : remedy === "edit_phone" ? SquarePen : remedy === "compare" ? Users : ExternalLink} onPress={go}>
      {remedy === "again" ? "I checked: call again" : editable && remedy === "move" ? "Choose a time" : editable && remedy === "edit_phone" ? "Correct the number" : remedy === "compare" ? "Compare" : "Open"}
    </Button>
  );
}
