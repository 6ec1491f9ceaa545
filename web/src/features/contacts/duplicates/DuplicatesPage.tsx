import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ChevronRight, Mail, Phone as PhoneIcon, Users } from "lucide-react";
import { useState, type ReactNode } from "react";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { Detail, Name, Phone } from "@/features/preferences/hidden";
import { useNouns, useZone } from "@/features/session/business";
import { dayAndTime } from "@/lib/time";
import { count } from "@/lib/words";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { PageHeader, Panel } from "@/ui/Panel";
import { Segments } from "@/ui/Segments";
import { ShowMore } from "@/ui/ShowMore";
import { CompareDialog } from "./CompareDialog";
import css from "./Duplicates.module.css";

type Pair = Schemas["ContactPair"];

/** Who may be there twice, and who shares a number or an address: compared side by side, and made one or kept apart. */
export default function DuplicatesPage(): ReactNode {
  const nouns = useNouns();
  const navigate = useNavigate({ from: "/contacts/duplicates" });
  const { of, relation = "duplicate" } = useSearch({ from: "/contacts/duplicates" });
  const [open, setOpen] = useState<Pair | null>(null);
  const list = useInfiniteQuery({
    queryKey: ["contacts", "duplicates", relation, of],
    queryFn: ({ pageParam }) => body(api.GET("/api/contacts/duplicates", { params: { query: { relation, page_size: 25, ...(of && { contact_id: of }), ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
  const others = list.isPlaceholderData;
  const pairs = list.data?.pages.flatMap((page) => page.pairs) ?? [];
  const total = list.data?.pages[0]?.pagination.total_pairs;
  const alike = relation === "duplicate";
  return (
    <>
      <PageHeader
        above={
          <nav aria-label="Where you are" className={css.crumbs}>
            <Link to="/contacts">{nouns.Many}</Link> <ChevronRight size={14} aria-hidden /> <span>Duplicates</span>
          </nav>
        }
        title="Who may be here twice"
        line={alike ? "The same number or email, and a similar name. Compare them, then make one of the two or say that they are two people." : "The same number or email, and another name: a family, a carer, a shared phone. Both stay, and are called one after the other."}
      />
      <div className={css.which}>
        <Segments
          label="Which pairs"
          value={relation}
          onChange={(next) => void navigate({ search: { ...(of && { of }), ...(next === "household" && { relation: next }) } })}
          options={[
            { id: "duplicate", name: "Probably one person" },
            { id: "household", name: "Share a number or email" },
          ]}
        />
      </div>
      {of && (
        <p className="muted">
          Of one {nouns.one} only. <Link to="/contacts/duplicates">Show everybody</Link>
        </p>
      )}
      <Panel title={total ? count(total, "pair") : undefined} busy={others}>
        {(list.isPending || (others && pairs.length === 0)) && <Skeleton rows={4} tall />}
        {list.isError && <ErrorNote error={list.error} what="Could not load the pairs." retry={() => void list.refetch()} />}
        {list.data && !others && pairs.length === 0 && (
          <Empty title={alike ? "Nobody seems to be here twice" : "Nobody shares a number or an email"}>
            {alike ? `Two ${nouns.many} with the same number or email and a similar name would be listed here.` : `Two ${nouns.many} with the same number or email and another name would be listed here.`}
          </Empty>
        )}
        <ul>
          {pairs.map((pair) => (
            <Row key={pair.contacts.map((each) => each.id).join()} pair={pair} onOpen={() => setOpen(pair)} />
          ))}
        </ul>
        <ShowMore list={list} />
      </Panel>
      {open && <CompareDialog ids={open.contacts.map((each) => each.id)} alike={alike} onClose={() => setOpen(null)} />}
    </>
  );
}

function Row({ pair, onOpen }: { pair: Pair; onOpen: () => void }) {
  const zone = useZone();
  return (
    <li className={css.row}>
      {pair.contacts.map((each) => (
        <span key={each.id} className={css.one}>
          <Link to="/contacts/$contactId" params={{ contactId: each.id }}>
            <b>
              <Name>{each.name}</Name>
            </b>
          </Link>
          <span className="muted">
            <Phone>{each.phone}</Phone>
            {each.email && (
              <Detail>
                <span className="code"> {each.email}</span>
              </Detail>
            )}
          </span>
          <span className="faint">{each.appointment_time ? dayAndTime(new Date(each.appointment_time), zone, now()) : "No appointment"}</span>
        </span>
      ))}
      <span className={css.same}>
        {pair.same.includes("phone") && (
          <Badge tone="neutral" icon={PhoneIcon}>
            Same number
          </Badge>
        )}
        {pair.same.includes("email") && (
          <Badge tone="neutral" icon={Mail}>
            Same email
          </Badge>
        )}
      </span>
      <Button small icon={Users} onPress={onOpen} aria-label={`Compare ${pair.contacts.map((each) => each.name).join(" and ")}`}>
        Compare
      </Button>
    </li>
  );
}
