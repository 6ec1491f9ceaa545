import type { ReactNode } from "react";
import { Name, Phone, useHidden } from "@/features/preferences/hidden";
import { phonePart, phoneText } from "@/lib/phone";
import type { ContactFound } from "./one";

interface Hit {
  start: number;
  end: number;
}

const hitsIn = (contact: ContactFound, field: string): Hit[] => (contact.matches ?? []).filter((each) => each.field === field).sort((a, b) => a.start - b.start);

function marked(text: string, hits: Hit[]): ReactNode[] {
  const parts: ReactNode[] = [];
  let from = 0;
  for (const { start, end } of hits) {
    if (start < from) continue;
    parts.push(text.slice(from, start), <mark key={start}>{text.slice(start, end)}</mark>);
    from = end;
  }
  parts.push(text.slice(from));
  return parts;
}

/** The name with what was searched for marked. */
export function Marked({ contact }: { contact: ContactFound }) {
  const hidden = useHidden();
  const hits = hitsIn(contact, "name");
  if (hidden || hits.length === 0) return <Name>{contact.name}</Name>;
  return <bdi>{marked(contact.name, hits)}</bdi>;
}

/** The number likewise, in the groups that people read it in. */
export function MarkedPhone({ contact: { phone, ...contact } }: { contact: ContactFound }) {
  const hidden = useHidden();
  const hits = hitsIn({ phone, ...contact }, "phone").flatMap((hit) => (phone ? (phonePart(phone, hit) ?? []) : []));
  if (hidden || hits.length === 0) return <Phone>{phone}</Phone>;
  return <span className="num">{marked(phoneText(phone), hits)}</span>;
}

/** Another text of the record likewise, where details are shown. */
export function MarkedText({ contact, field }: { contact: ContactFound; field: "email" | "special_instructions" }) {
  return <>{marked(contact[field] ?? "", hitsIn(contact, field))}</>;
}
