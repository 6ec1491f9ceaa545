import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, body } from "@/api/client";
import { AppointmentLine } from "@/features/contacts/AppointmentLine";
import { idOf } from "@/features/contacts/one";
import { Name, Phone } from "@/features/preferences/hidden";
import { useNouns, useZone } from "@/features/session/business";
import { CallRow } from "@/features/today/CallsNow";
import { dayAndTime } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { count, number } from "@/lib/words";
import { Badge, Count } from "@/ui/Badge";
import { LiveRows } from "@/ui/LiveRows";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import { ShowMore } from "@/ui/ShowMore";
import { Time } from "@/ui/Time";
import { cx } from "@/ui/cx";
import { CallTabs } from "./CallTabs";
import css from "./CallsPage.module.css";
import { useCallsUnderWay } from "./queries";

/** Who is on the phone, and who is called next. */
export default function CallsPage() {
  return (
    <>
      <CallTabs />
      <div className={css.page}>
        <UnderWay />
        <Planned />
      </div>
    </>
  );
}

function UnderWay() {
  const known = useCallsUnderWay();
  const calls = known ?? [];
  return (
    <Panel title={<>In progress {calls.length > 0 && <Badge tone="calling">{calls.length}</Badge>}</>}>
      {!known && <Skeleton rows={2} />}
      {known?.length === 0 && <Empty title="Nobody is being called right now">Calls appear here as soon as Vio dials.</Empty>}
      <ul>
        {calls.map((call) => (
          <CallRow key={call.session_id} call={call} />
        ))}
      </ul>
    </Panel>
  );
}

/** Planned calls by their people. The API sorts people by appointment, which most calls follow; once all are here they are in the order of the calls themselves, as another try can be due before or after. */
function Planned() {
  const zone = useZone();
  const nouns = useNouns();
  const at = useNow();
  const [which, setWhich] = useState<"due_now" | "due_today" | "scheduled">("due_today");
  const list = useInfiniteQuery({
    queryKey: ["contacts", "search", "planned", which],
    queryFn: ({ pageParam }) => body(api.POST("/api/contacts/search", { body: { call: which, sort: ["appointment_time"], page_size: 100, ...(pageParam && { cursor: pageParam }) } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
  const others = list.isPlaceholderData;
  const loaded = list.data?.pages.flatMap((page) => page.contacts) ?? [];
  const people = list.hasNextPage ? loaded : loaded.toSorted((a, b) => (a.next_call_at ?? "9").localeCompare(b.next_call_at ?? "9"));
  const total = list.data?.pages[0]?.facets.total;
  return (
    <Panel
      busy={others}
      title={<>Planned {total !== undefined && <Count value={number(total)} />}</>}
      aside={
        <Segments
          label="Which calls"
          value={which}
          onChange={setWhich}
          options={[
            { id: "due_now", name: "In line now" },
            { id: "due_today", name: "Today" },
            { id: "scheduled", name: "All" },
          ]}
        />
      }
    >
      {(list.isPending || (others && people.length === 0)) && <Skeleton rows={5} />}
      {list.isError && <ErrorNote error={list.error} what="Could not load the planned calls." retry={() => void list.refetch()} />}
      {list.data && !others && people.length === 0 && <Empty title={which === "due_now" ? "Nobody waits in line" : which === "due_today" ? "No more calls are planned today" : "No calls are planned"}>{`Vio plans a call for each ${nouns.one} with a coming appointment.`}</Empty>}
      {list.data && (
        <LiveRows of={`${others ? "others" : which} ${String(list.data.pages.length)}`} items={people} keyOf={idOf}>
          {(each, came) => (
            <li key={each.id} className={cx(css.row, css.planned, came)}>
              <span className={`${css.time ?? ""} num`}>
                {each.next_call_at && (
                  <Time at={each.next_call_at} zone={zone}>
                    {Date.parse(each.next_call_at) <= at.getTime() ? "In line" : dayAndTime(new Date(each.next_call_at), zone, at)}
                  </Time>
                )}
              </span>
              <Link to="/contacts/$contactId" params={{ contactId: each.id }} className={css.name}>
                <Name>{each.name}</Name>
              </Link>
              <span className={`${css.phone ?? ""} muted`}>
                <Phone>{each.phone}</Phone>
              </span>
              <span className={css.about}>
                {each.appointment_time && (
                  <Time at={each.appointment_time} zone={zone}>
                    {dayAndTime(new Date(each.appointment_time), zone, at)}
                  </Time>
                )}{" "}
                <AppointmentLine contact={each} />
              </span>
              <span className={`${css.tries ?? ""} faint`}>{each.call_attempts > 0 && `${count(each.call_attempts, "try", "tries")} so far`}</span>
            </li>
          )}
        </LiveRows>
      )}
      <ShowMore list={list} />
    </Panel>
  );
}
