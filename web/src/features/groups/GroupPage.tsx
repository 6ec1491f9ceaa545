import { Link } from "@tanstack/react-router";
import { ChevronRight, Download, Megaphone, SquarePen } from "lucide-react";
import { Suspense, lazy, useMemo, useState } from "react";
import { Cards } from "@/features/contacts/Cards";
import { Dock } from "@/features/contacts/Dock";
import { ExportDialog } from "@/features/contacts/ExportDialog";
import { Grid } from "@/features/contacts/Grid";
import { useSelection } from "@/features/contacts/selection";
import { useNouns } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { useNarrow } from "@/lib/useNarrow";
import { useParam } from "@/lib/useParam";
import { number } from "@/lib/words";
import { Button, buttonClass } from "@/ui/Button";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { PageHeader } from "@/ui/Panel";
import { TabLink, TabLinks } from "@/ui/Tabs";
import { Activity } from "./Activity";
import { CallGroup } from "./CallGroup";
import { GroupDialog } from "./GroupDialog";
import css from "./GroupPage.module.css";
import { GroupSettings } from "./GroupSettings";
import { GroupTile } from "./GroupTile";
import { useGroup, type Group } from "./queries";

/** Its charts are fetched when they are looked at. */
const Analytics = lazy(() => import("./Analytics").then((module) => ({ default: module.Analytics })));

/** A group: who is in it, what its calls came to, what happened to it, how it is set, and calling it. */
export default function GroupPage() {
  const groupId = useParam("groupId") ?? "";
  const tab = useParam("tab");
  const found = useGroup(groupId);
  if (found.isPending) return <Skeleton rows={4} tall />;
  if (found.isLoadingError) return <ErrorNote error={found.error} what="Could not load this group." retry={() => void found.refetch()} />;
  return tab === "call" ? <CallGroup group={found.data.value} /> : <Body group={found.data.value} etag={found.data.etag} tab={tab ?? "members"} />;
}

function Body({ group, etag, tab }: { group: Group; etag: string; tab: string }) {
  const nouns = useNouns();
  const may = useMay();
  const [editing, setEditing] = useState(false);
  const [exporting, setExporting] = useState(false);
  const manages = may("manage_business_settings");
  return (
    <div className={css.page}>
      <PageHeader
        above={
          <nav aria-label="Where you are" className={css.crumbs}>
            <Link to="/groups">Groups</Link> <ChevronRight size={14} aria-hidden /> <span>Group</span>
          </nav>
        }
        title={
          <span className={css.title}>
            <GroupTile group={group} /> <bdi>{group.name}</bdi>
          </span>
        }
        line={group.description ?? `${number(group.contact_count)} ${group.contact_count === 1 ? nouns.one : nouns.many}`}
        actions={
          <>
            {may("export_contacts") && group.contact_count > 0 && (
              <Button icon={Download} onPress={() => setExporting(true)}>
                Download
              </Button>
            )}
            {manages && (
              <Button icon={SquarePen} onPress={() => setEditing(true)}>
                Edit
              </Button>
            )}
            {may("modify_call_schedules") && group.contact_count > 0 && !group.archived_at && (
              <Link to="/groups/$groupId/$tab" params={{ groupId: group.id, tab: "call" }} className={buttonClass({ look: "primary" })}>
                <Megaphone size={16} aria-hidden /> Call all {number(group.contact_count)}
              </Link>
            )}
          </>
        }
      />
      <TabLinks label="Parts of the group">
        <TabLink to="/groups/$groupId/$tab" params={{ groupId: group.id, tab: "members" }} current={tab === "members"} count={number(group.contact_count)}>
          Members
        </TabLink>
        {may("view_basic_analytics") && (
          <TabLink to="/groups/$groupId/$tab" params={{ groupId: group.id, tab: "analytics" }} current={tab === "analytics"}>
            Analytics
          </TabLink>
        )}
        <TabLink to="/groups/$groupId/$tab" params={{ groupId: group.id, tab: "activity" }} current={tab === "activity"}>
          Activity
        </TabLink>
        {manages && (
          <TabLink to="/groups/$groupId/$tab" params={{ groupId: group.id, tab: "settings" }} current={tab === "settings"}>
            Settings
          </TabLink>
        )}
      </TabLinks>
      {tab === "analytics" && may("view_basic_analytics") ? (
        <Suspense fallback={<Skeleton rows={4} tall />}>
          <Analytics group={group} />
        </Suspense>
      ) : tab === "activity" ? (
        <Activity groupId={group.id} />
      ) : tab === "settings" && manages ? (
        <GroupSettings group={group} etag={etag} />
      ) : (
        <Members group={group} />
      )}
      {exporting && <ExportDialog whom={{ filter: { group_ids: [group.id], sort: ["name"] } }} total={group.contact_count} onClose={() => setExporting(false)} />}
      {editing && <GroupDialog group={group} onClose={() => setEditing(false)} />}
    </div>
  );
}

function Members({ group }: { group: Group }) {
  const nouns = useNouns();
  const phone = useNarrow("48rem");
  const [sort, setSort] = useState(["name"]);
  const search = useMemo(() => ({ group_ids: [group.id], sort }), [group.id, sort]);
  const selecting = useSelection(search);
  const empty = (
    <Empty
      title="Nobody is in this group yet"
      action={
        <Link to="/contacts" className={buttonClass({ look: "primary" })}>
          Choose {nouns.many}
        </Link>
      }
    >{`Select ${nouns.many} in the list, then Groups.`}</Empty>
  );
  return (
    <div className={css.members}>
      {phone ? (
        <Cards kind="list" search={search} selecting={selecting} onStatus={() => null} label={`Members of ${group.name}`} empty={empty} />
      ) : (
        <Grid search={search} selecting={selecting} sort={sort} onSort={setSort} onStatus={() => null} label={`Members of ${group.name}`} empty={empty} />
      )}
      <Dock selecting={selecting} total={group.contact_count} search={search} />
    </div>
  );
}
