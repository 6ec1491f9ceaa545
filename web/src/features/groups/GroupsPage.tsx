import { useInfiniteQuery, useMutation, useQuery, useQueryClient, keepPreviousData } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ChartColumn, Grid2x2, LayoutTemplate, Lightbulb, List as ListIcon, Megaphone, Plus, Search, Table2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { api, body } from "@/api/client";
import { Refusal } from "@/api/problem";
import { useTotal } from "@/features/contacts/counts";
import { useNouns, useZone } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { agoWithin } from "@/lib/time";
import { useDelayed } from "@/lib/useDelayed";
import { useNarrow } from "@/lib/useNarrow";
import { useNow } from "@/lib/useNow";
import { count, number } from "@/lib/words";
import { Button, buttonClass } from "@/ui/Button";
import { Checkbox, SelectField, TextField } from "@/ui/Field";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { PageHeader } from "@/ui/Panel";
import { Rereading } from "@/ui/Rereading";
import { Segments } from "@/ui/Segments";
import { ShowMore } from "@/ui/ShowMore";
import { GroupMenu, useArchive } from "./GroupActions";
import { GroupDialog } from "./GroupDialog";
import css from "./GroupsPage.module.css";
import { GroupRows, GroupsTable } from "./GroupsTable";
import { GroupTile } from "./GroupTile";
import { TemplatesDialog, useTemplates } from "./TemplatesDialog";
import type { Group } from "./queries";
import { SORTS, isSort, pressed, visibility, type GroupsSearch } from "./view";

const CHOICES = Object.entries(SORTS).map(([id, { name }]) => ({ id, name }));

export default function GroupsPage(): ReactNode {
  const nouns = useNouns();
  const may = useMay();
  const manages = may("manage_business_settings");
  const [typed, setTyped] = useState("");
  const search = useDelayed(typed.trim(), 300);
  const asked = useSearch({ from: "/groups" });
  const sort = asked.sort ?? "recent_activity";
  const way = asked.way ?? SORTS[sort].first;
  const navigate = useNavigate({ from: "/groups" });
  const phone = useNarrow("48rem");
  // A phone has room for a line each, and begins so.
  const view = asked.view ?? (phone ? "table" : "cards");
  const go = (next: GroupsSearch) => void navigate({ search: { ...asked, ...next }, replace: true, resetScroll: false });
  const [archived, setArchived] = useState(false);
  const [dialog, setDialog] = useState<"new" | { template?: string } | null>(null);
  const list = useInfiniteQuery({
    queryKey: ["groups", "page", search, sort, way, archived],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/api/groups", {
          params: { query: { ...(search && { search }), sort_by: sort, sort_direction: way, ...(archived && { archived: true }), page_size: 50, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
  const ungrouped = useTotal({ ungrouped: true });
  const groups = list.data?.pages.flatMap((page) => page.groups) ?? [];
  const stats = list.data?.pages[0]?.stats;
  return (
    <>
      <PageHeader
        title="Groups"
        line={
          stats && (
            <span className={css.stats}>
              <span>
                <b>{number(stats.total_groups)}</b> {stats.total_groups === 1 ? "group" : "groups"}
              </span>
              {ungrouped !== undefined && (
                <Link to="/contacts" search={{ none: true }}>
                  <b>{number(ungrouped)}</b> {ungrouped === 1 ? nouns.one : nouns.many} in none
                </Link>
              )}
              {stats.archived_groups > 0 && (
                <span>
                  <b>{number(stats.archived_groups)}</b> archived
                </span>
              )}
            </span>
          )
        }
        actions={
          <>
            {may("view_basic_analytics") && (stats?.total_groups ?? 0) > 1 && (
              <Link to="/groups/compare" className={buttonClass({})}>
                <ChartColumn size={16} aria-hidden /> Compare
              </Link>
            )}
            {manages && (
            <>
              <Button icon={LayoutTemplate} onPress={() => setDialog({})}>
                Templates
              </Button>
              <Button look="primary" icon={Plus} onPress={() => setDialog("new")}>
                New group
              </Button>
            </>
            )}
          </>
        }
      />
      {manages && <Suggestion />}
      <div className={css.tools}>
        <div className={css.search}>
          <TextField bare label="Find a group" type="search" placeholder="Find a group" value={typed} onChange={setTyped} leading={<Search size={16} aria-hidden />} autoComplete="off" />
        </div>
        <div className={css.sort}>
          <SelectField bare label="Sort" value={sort} options={CHOICES} onChange={(by) => isSort(by) && go({ sort: by, way: SORTS[by].first })} />
        </div>
        {(archived || (stats?.archived_groups ?? 0) > 0) && (
          <Checkbox isSelected={archived} onChange={setArchived}>
            Show archived
          </Checkbox>
        )}
        <span className={css.view}>
          <Segments
            label="View"
            value={view}
            onChange={(next) => go({ view: next })}
            options={[
              { id: "cards", name: "Cards", icon: Grid2x2 },
              { id: "table", name: phone ? "List" : "Table", icon: phone ? ListIcon : Table2 },
            ]}
          />
        </span>
      </div>
      {list.isPending && <Skeleton rows={3} tall />}
      {list.isError && <ErrorNote error={list.error} what="Could not load the groups." retry={() => void list.refetch()} />}
      {list.data && groups.length === 0 && (
        <Empty
          title={search ? "No group has this in its name" : archived ? "Nothing is archived" : "No groups yet"}
          action={
            !search && !archived && manages ? <FirstGroups onChoose={(template) => setDialog({ template })} /> : undefined
          }
        >
          {!search && !archived && `A group lets you call many ${nouns.many} together. Nobody is added until you say so.`}
        </Empty>
      )}
      <div className={css.list}>
        <Rereading shown={list.isPlaceholderData} />
      </div>
      {view === "cards" ? (
        <ul className={css.cards}>
          {groups.map((each) => (
            <Card key={each.id} group={each} />
          ))}
        </ul>
      ) : (
        groups.length > 0 && (phone ? <GroupRows groups={groups} /> : <GroupsTable groups={groups} sort={sort} way={way} onSort={(by) => go(pressed(by, { sort, way }))} />)
      )}
      <ShowMore list={list} bare />
      {dialog === "new" && <GroupDialog onClose={() => setDialog(null)} />}
      {dialog && dialog !== "new" && <TemplatesDialog first={dialog.template} onClose={() => setDialog(null)} />}
    </>
  );
}

/** So many templates begin with; all of them are behind the button above. */
const FIRST = 3;

/** What businesses of this kind often begin with, each with whom it would hold. */
function FirstGroups({ onChoose }: { onChoose: (template: string) => void }) {
  const templates = useTemplates().data?.templates ?? [];
  return (
    <ul className={css.first} aria-label="Templates for your business">
      {templates.slice(0, FIRST).map((each) => (
        <li key={each.id}>
          <button type="button" className={css.begin} onClick={() => onChoose(each.id)}>
            <GroupTile group={{ color: each.color, icon: null }} />
            <span>
              <b>{each.name}</b>
              <span className="muted">{each.description}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Card({ group }: { group: Group }) {
  const zone = useZone();
  const at = useNow();
  const nouns = useNouns();
  const may = useMay();
  const { name: who, icon: Icon } = visibility(group);
  const archive = useArchive(group);
  const archived = group.archived_at != null;
  return (
    <li className={css.card}>
      <svg className={css.edge} viewBox="0 0 10 1" preserveAspectRatio="none" aria-hidden>
        <rect width="10" height="1" fill={group.color} />
      </svg>
      <header className={css.head}>
        <GroupTile group={group} />
        <div className={css.names}>
          <h2>
            <Link to="/groups/$groupId" params={{ groupId: group.id }}>
              <bdi>{group.name}</bdi>
            </Link>
          </h2>
          <p className={css.who}>
            <Icon size={14} aria-hidden /> {who}
          </p>
        </div>
        <GroupMenu group={group} />
      </header>
      <p className={css.text}>{group.description}</p>
      <p className={css.number}>
        <b className="num">{number(group.contact_count)}</b> <span>{group.contact_count === 1 ? nouns.one : nouns.many}</span>
      </p>
      <p className={css.line}>{archived && group.archived_at ? `Archived ${agoWithin(new Date(group.archived_at), zone, at)}` : `Changed ${agoWithin(new Date(group.last_activity_at), zone, at)}`}</p>
      <footer className={css.foot}>
        {archived ? (
          may("manage_business_settings") && (
            <Button small isPending={archive.isPending} onPress={() => archive.mutate(false)}>
              Bring back
            </Button>
          )
        ) : (
          <>
            {may("modify_call_schedules") && group.contact_count > 0 && (
              <Link to="/groups/$groupId/$tab" params={{ groupId: group.id, tab: "call" }} className={buttonClass({ small: true })}>
                <Megaphone size={15} aria-hidden /> Call all {number(group.contact_count)}
              </Link>
            )}
          </>
        )}
        <Link to="/groups/$groupId" params={{ groupId: group.id }} className={buttonClass({ look: "quiet", small: true })}>
          Open<span className="hidden-visually"> {group.name}</span>
        </Link>
      </footer>
    </li>
  );
}

/** One proposal at a time; nothing is added until somebody agrees. */
function Suggestion() {
  const client = useQueryClient();
  const nouns = useNouns();
  const navigate = useNavigate();
  const [place, setPlace] = useState(0);
  const [gone, setGone] = useState(false);
  const suggestions = useQuery({ queryKey: ["groups", "suggestions"], queryFn: () => body(api.GET("/api/groups/suggestions")), staleTime: 5 * 60_000 }).data?.suggestions ?? [];
  const shown = suggestions[place % Math.max(1, suggestions.length)];
  const accept = useMutation({
    mutationFn: async () => (shown ? body(api.POST("/api/groups/suggestions/{suggestion_id}/accept", { params: { path: { suggestion_id: shown.id } }, body: { estimated_members: shown.estimated_members } })) : null),
    onSuccess: (group) => {
      void client.invalidateQueries({ queryKey: ["groups"] });
      void client.invalidateQueries({ queryKey: ["contacts"] });
      if (group) void navigate({ to: "/groups/$groupId", params: { groupId: group.id } });
    },
    // Whoever agreed to a number is asked again for another.
    onError: () => void client.invalidateQueries({ queryKey: ["groups", "suggestions"] }),
  });
  if (!shown || gone) return null;
  return (
    <section className={css.suggestion} aria-label="Suggestion">
      <Lightbulb size={18} aria-hidden />
      <div className={css.suggested}>
        <p>
          <b>
            {count(shown.estimated_members, nouns.one, nouns.many)} could be the group “{shown.suggested_name}”.
          </b>
        </p>
        <p className="muted">{shown.description}. Nobody is added until you agree.</p>
        {accept.isError && (
          <p role="alert" className={css.refused}>
            {accept.error instanceof Refusal && accept.error.status === 409 ? `Nobody was added: the number has changed meanwhile. It is ${number(shown.estimated_members)} now; agree again if that is right.` : `Nobody was added. ${accept.error instanceof Refusal ? accept.error.detail : "Something failed on our side."}`}
          </p>
        )}
      </div>
      <Button small isPending={accept.isPending} onPress={() => accept.mutate()}>
        {shown.group_id ? "Add them" : "Make this group"}
      </Button>
      <Button small look="quiet" onPress={() => {
          accept.reset();
          if (suggestions.length > place + 1) setPlace(place + 1);
          else setGone(true);
        }}>
        No thanks
      </Button>
      <span className="faint">
        {(place % suggestions.length) + 1} of {suggestions.length}
      </span>
    </section>
  );
}
