import type { ReactNode } from "react";
import { now } from "@/api/clock";
import { Name } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { day } from "@/lib/time";
import type { Contact } from "../one";
import css from "./Timeline.module.css";

/** The same part of every record that was made one with this one. */
export function Earlier({ contact, children }: { contact: Contact; children: (id: string) => ReactNode }) {
  const zone = useZone();
  return contact.merged_from?.map((each) => (
    <section key={each.id}>
      <h2 className={css.day}>
        From the record <Name>{each.name}</Name>, made one with this on {day(new Date(each.merged_at), zone, now())}
      </h2>
      {children(each.id)}
    </section>
  ));
}
