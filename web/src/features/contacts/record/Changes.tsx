import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { useHidden } from "@/features/preferences/hidden";
import { useGroups } from "@/features/groups/queries";
import { useLocations, useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { dayAndTimeWithin } from "@/lib/time";
import { capital, number } from "@/lib/words";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { ShowMore } from "@/ui/ShowMore";
import css from "./Timeline.module.css";
import { pairsOf, valueWords, type Names } from "./beforeAfter";
import { LOOKED, actionWords, fieldWords, whoDid } from "./changeWords";
import { gathered, isLook } from "./looks";

type HistoryEntry = Schemas["HistoryEntry"];

/** Who changed and who saw what. */
export function Changes({ contactId }: { contactId: string }) {
  const list = useInfiniteQuery({
    queryKey: ["contacts", contactId, "history"],
    queryFn: ({ pageParam }) => body(api.GET("/api/contacts/{contact_id}/history", { params: { path: { contact_id: contactId }, query: { page_size: 25, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });
  const entries = list.data?.pages.flatMap((page) => page.entries) ?? [];
  if (list.isPending) return <Skeleton rows={4} />;
  return (
    <>
      {list.isError && <ErrorNote error={list.error} what="Could not load the changes." retry={() => void list.refetch()} />}
      {list.data && entries.length === 0 && <Empty title="No changes yet" />}
      <ul className={css.rows}>
        {gathered(entries, (each) => `${each.by.kind} ${each.by.user_id ?? ""}`).map(({ entry, times }) => (
          <Entry key={entry.id} entry={entry} times={times} />
        ))}
      </ul>
      <ShowMore list={list} />
    </>
  );
}

function Entry({ entry, times }: { entry: HistoryEntry; times: number }) {
  const zone = useZone();
  const hidden = useHidden();
  const colleague = useColleague();
  const [open, setOpen] = useState(false);
  const who = capital(whoDid(entry.by, colleague(entry.by.user_id)));
  const groups = useGroups().data?.groups;
  const places = useLocations().data;
  const pairs = pairsOf(entry.details);
  const names: Names = {
    group: (id) => groups?.find((each) => each.id === id)?.name,
    person: colleague,
    place: (id) => places?.find((each) => each.id === id)?.name,
    zone,
    now: now(),
  };
  return (
    <li>
      <b>{isLook(entry) ? LOOKED : actionWords(entry.action)}</b>
      <span className="muted">
        {/* Somebody new has every field: what it was filled with is behind the button. */}
        {entry.action !== "contact.created" && entry.fields.length > 0 && `${entry.fields.map(fieldWords).join(", ")} · `}
        {who}, {dayAndTimeWithin(new Date(entry.at), zone, now())}
        {times > 1 && `, ${number(times)} times`}
      </span>
      {pairs.length > 0 && !hidden ? (
        <button type="button" className={css.link} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Hide" : "Before and after"}
        </button>
      ) : (
        <span />
      )}
      {open && (
        <dl className={`${css.under ?? ""} ${css.fields ?? ""}`}>
          {pairs.map(([field, before, after], place) => (
            <div key={`${field}${String(place)}`}>
              <dt>{capital(fieldWords(field))}</dt>
              <dd>
                {valueWords(field, before, names)} → <b>{valueWords(field, after, names)}</b>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}
