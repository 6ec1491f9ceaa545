import { Link } from "@tanstack/react-router";
import { ArrowDown, ArrowUp, Megaphone } from "lucide-react";
import { useNouns, useZone } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { agoWithin, ago, day } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { capital, number } from "@/lib/words";
import { buttonClass } from "@/ui/Button";
import { GroupMenu } from "./GroupActions";
import css from "./GroupsTable.module.css";
import { GroupTile } from "./GroupTile";
import type { Group } from "./queries";
import { visibility, type Direction, type SortBy } from "./view";

interface Props {
  groups: Group[];
  sort: SortBy;
  way: Direction;
  onSort: (by: SortBy) => void;
}

const COLUMNS: { name: string; sort?: SortBy; number?: true }[] = [{ name: "Group", sort: "name" }, { name: "Members", sort: "member_count", number: true }, { name: "Seen by" }, { name: "Last activity", sort: "recent_activity" }, { name: "Made", sort: "created_at" }];

/** The groups line by line, sorted by its headings. */
export function GroupsTable({ groups, sort, way, onSort }: Props) {
  const zone = useZone();
  const at = useNow();
  return (
    // Read by keyboard where it is wider than its place.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={css.scroll} role="region" aria-label="Groups" tabIndex={0}>
      <table className={css.table}>
        <thead>
          <tr>
            {COLUMNS.map(({ name, sort: by, number: right }) => (
              <th key={name} scope="col" className={right && css.right} aria-sort={by && by === sort ? (way === "asc" ? "ascending" : "descending") : undefined}>
                {by ? (
                  <button type="button" className={css.sort} onClick={() => onSort(by)}>
                    {name}
                    {by === sort && (way === "asc" ? <ArrowUp size={14} aria-hidden /> : <ArrowDown size={14} aria-hidden />)}
                  </button>
                ) : (
                  name
                )}
              </th>
            ))}
            <th scope="col">
              <span className="hidden-visually">What can be done</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => {
            const { name: who, icon: Icon } = visibility(group);
            return (
              <tr key={group.id}>
                <th scope="row">
                  <span className={css.who}>
                    <GroupTile group={group} />
                    <span className={css.names}>
                      <Link to="/groups/$groupId" params={{ groupId: group.id }} className={css.name}>
                        <bdi>{group.name}</bdi>
                      </Link>
                      {group.description && <span className={css.text} data-whole="">{group.description}</span>}
                    </span>
                  </span>
                </th>
                <td className={`num ${css.right ?? ""}`}>{number(group.contact_count)}</td>
                <td>
                  <span className={css.seen}>
                    <Icon size={14} aria-hidden /> {who}
                  </span>
                </td>
                <td>{capital(group.archived_at ? `archived ${agoWithin(new Date(group.archived_at), zone, at)}` : ago(new Date(group.last_activity_at), zone, at))}</td>
                <td>{day(new Date(group.created_at), zone, at)}</td>
                <td>
                  <span className={css.do}>
                    <CallAll group={group} />
                    <GroupMenu group={group} />
                  </span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function CallAll({ group }: { group: Group }) {
  const may = useMay();
  if (group.archived_at || group.contact_count === 0 || !may("modify_call_schedules")) return null;
  return (
    <Link to="/groups/$groupId/$tab" params={{ groupId: group.id, tab: "call" }} className={buttonClass({ small: true })}>
      <Megaphone size={15} aria-hidden /> Call all<span className="hidden-visually"> of {group.name}</span>
    </Link>
  );
}

/** The same where there is room for a line each: on a phone. */
export function GroupRows({ groups }: { groups: Group[] }) {
  const zone = useZone();
  const nouns = useNouns();
  const at = useNow();
  return (
    <ul className={css.rows}>
      {groups.map((group) => {
        const { name: who, icon: Icon } = visibility(group);
        return (
          <li key={group.id} className={css.row}>
            <GroupTile group={group} />
            <span className={css.names}>
              <Link to="/groups/$groupId" params={{ groupId: group.id }} className={css.name}>
                <bdi>{group.name}</bdi>
              </Link>
              <span className={css.line}>
                {`${number(group.contact_count)} ${group.contact_count === 1 ? nouns.one : nouns.many}, ${group.archived_at ? `archived ${agoWithin(new Date(group.archived_at), zone, at)}` : `changed ${agoWithin(new Date(group.last_activity_at), zone, at)}`}`}
              </span>
              <span className={css.seen}>
                <Icon size={14} aria-hidden /> {who}
              </span>
            </span>
            <GroupMenu group={group} />
          </li>
        );
      })}
    </ul>
  );
}
