import { Lock, UserRoundCheck, Users } from "lucide-react";
import { count } from "@/lib/words";
import type { Group } from "./queries";

const VIEWS = ["cards", "table"] as const;
export type GroupsView = (typeof VIEWS)[number];

/** What groups can be sorted by, and the way round that is meant without a word. */
export const SORTS = {
  recent_activity: { name: "Most recent activity", first: "desc" },
  name: { name: "Name", first: "asc" },
  member_count: { name: "Largest first", first: "desc" },
  created_at: { name: "Newest first", first: "desc" },
} as const;
export type SortBy = keyof typeof SORTS;
export type Direction = "asc" | "desc";

export interface GroupsSearch {
  view?: GroupsView;
  sort?: SortBy;
  /** Where it is not the usual one of the sort. */
  way?: Direction;
}

export const isSort = (value: unknown): value is SortBy => typeof value === "string" && Object.hasOwn(SORTS, value);

/** Takes from an address what it may say; the rest is dropped. */
export function readGroupsSearch(raw: Record<string, unknown>): GroupsSearch {
  const view = VIEWS.find((each) => each === raw.view);
  return { ...(view && { view }), ...(isSort(raw.sort) && { sort: raw.sort }), ...((raw.way === "asc" || raw.way === "desc") && { way: raw.way }) };
}

/** What a press on a column's heading asks for: its usual way round, then the other. */
export function pressed(by: SortBy, now: { sort: SortBy; way: Direction }): { sort: SortBy; way: Direction } {
  return { sort: by, way: by !== now.sort ? SORTS[by].first : now.way === "asc" ? "desc" : "asc" };
}

const VISIBLE = { all_staff: { name: "Everyone", icon: Users }, admins_only: { name: "Administrators", icon: Lock }, custom: { name: "Some people", icon: UserRoundCheck } } as const;

export function visibility(group: Group) {
  const known = group.visibility === "admins_only" || group.visibility === "custom" ? group.visibility : "all_staff";
  return known === "custom" ? { ...VISIBLE.custom, name: count(group.visible_to.length, "person", "people") } : VISIBLE[known];
}
