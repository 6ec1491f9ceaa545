import { useQuery } from "@tanstack/react-query";
import { Phone, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { WorkSheet } from "@/features/attention/WorkSheet";
import type { Entry } from "@/features/attention/queries";
import { reasonOf } from "@/features/attention/reasons";
import { useZone } from "@/features/session/business";
import { useMayEdit } from "@/features/session/use";
import { since } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { Button } from "@/ui/Button";
import type { Contact, ContactFound } from "../one";
import css from "./WorkOf.module.css";

/** What needs attention about this person, on their own record. */
export function WorkOf({ contact, onCall }: { contact: Contact; onCall?: (() => void) | undefined }) {
  const zone = useZone();
  const at = useNow();
  const editable = useMayEdit()(contact);
  const [open, setOpen] = useState<Entry | null>(null);
  const work = useQuery({
    queryKey: ["attention", "of", contact.id],
    queryFn: () => body(api.GET("/api/attention", { params: { query: { contact_id: contact.id, status: "open", page_size: 10 } } })),
  }).data;
  if (!work || work.attention.length === 0) return null;
  const person: ContactFound = { ...contact, groups: [], group_count: 0 };
  return (
    <ul className={css.list} aria-label="Needs attention">
      {work.attention.map((each) => (
        <li key={each.attention_id} className={css.item}>
          <TriangleAlert size={17} aria-hidden />
          <span className={css.text}>
            {reasonOf(each.reason).line} <span className={css.since}>{since(new Date(each.since), zone, at)}</span>
          </span>
          {reasonOf(each.reason).remedy === "again" && onCall && (
            <Button small icon={Phone} onPress={onCall}>
              I checked: call again
            </Button>
          )}
          {editable && (
            <Button small onPress={() => setOpen(each)}>
              Resolve
            </Button>
          )}
        </li>
      ))}
      {open && <WorkSheet entry={open} section="resolve" person={person} here onClose={() => setOpen(null)} />}
    </ul>
  );
}
