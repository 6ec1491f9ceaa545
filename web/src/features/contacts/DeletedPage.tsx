import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight, RotateCcw } from "lucide-react";
import { api, body, type Schemas } from "@/api/client";
import { Refusal } from "@/api/problem";
import { Name, saidName } from "@/features/preferences/hidden";
import { useNouns, useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { agoWithin, day } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { Button } from "@/ui/Button";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { PageHeader, Panel } from "@/ui/Panel";
import { ShowMore } from "@/ui/ShowMore";
import { toast } from "@/ui/toast";
import css from "./DeletedPage.module.css";

/** Who was deleted in the last 30 days, and can be brought back. */
export default function DeletedPage() {
  const nouns = useNouns();
  const list = useInfiniteQuery({
    queryKey: ["contacts", "deleted"],
    queryFn: ({ pageParam }) => body(api.GET("/api/contacts/deleted", { params: { query: { page_size: 50, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });
  const found = list.data?.pages.flatMap((page) => page.contacts) ?? [];
  return (
    <>
      <PageHeader
        above={
          <nav aria-label="Where you are" className={css.crumbs}>
            <Link to="/contacts">{nouns.Many}</Link> <ChevronRight size={14} aria-hidden /> <span>Deleted</span>
          </nav>
        }
        title={`Deleted ${nouns.many}`}
        line="Kept for 30 days. Bringing somebody back plans their reminder anew."
      />
      <Panel>
        {list.isPending && <Skeleton rows={4} />}
        {list.isError && <ErrorNote error={list.error} what="Could not load who was deleted." retry={() => void list.refetch()} />}
        {list.data && found.length === 0 && !list.hasNextPage && <Empty title="Nobody was deleted in the last 30 days">{`Whoever is deleted stays in this list for 30 days, and can be brought back with everything that was known of them.`}</Empty>}
        <ul className={css.rows}>
          {found.map((each) => (
            <Row key={each.id} gone={each} />
          ))}
        </ul>
        <ShowMore list={list} />
      </Panel>
    </>
  );
}

function Row({ gone }: { gone: Schemas["DeletedContact"] }) {
  const zone = useZone();
  const at = useNow();
  const client = useQueryClient();
  const colleague = useColleague();
  const restore = useMutation({
    mutationFn: (anyway: boolean) => body(api.POST("/api/contacts/{contact_id}/restore", { params: { path: { contact_id: gone.id } }, body: anyway ? { on_duplicate: "create_new" } : {} })),
    onSuccess: (contact) => {
      toast(`${saidName(contact.name)} is back.`);
      for (const warning of contact.warnings ?? []) toast(warning.detail);
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ["contacts"] }),
  });
  // Somebody like them is here: the one they were made one with, or who came since.
  const twice = restore.error instanceof Refusal && restore.error.slug === "duplicate-contact";
  return (
    <li className={css.row}>
      <b className={css.name}>
        <Name>{gone.name}</Name>
      </b>
      <span className="muted">{`${gone.merged_into ? "Made one with another record" : "Deleted"} ${agoWithin(new Date(gone.deleted_at), zone, at)} by ${colleague(gone.deleted_by) ?? (gone.deleted_by ? "a colleague" : "the system")}`}</span>
      <span className="faint">{`until ${day(new Date(gone.restorable_until), zone, at)}`}</span>
      {gone.restorable && (
        <Button small icon={RotateCcw} isPending={restore.isPending} onPress={() => restore.mutate(twice)}>
          {twice ? "Bring back all the same" : "Bring back"}
          <span className="hidden-visually"> {gone.name}</span>
        </Button>
      )}
      {restore.isError && <div className={css.error}><ErrorNote error={restore.error} what={restore.error instanceof Refusal ? `${restore.error.problem.title}.` : "Not brought back."} /></div>}
    </li>
  );
}
