import type { Schemas } from "@/api/client";

export type Member = Schemas["Member"];

export const ROLE: Record<string, string> = { client_admin: "Administrator", receptionist: "Receptionist", basic_staff: "Staff", manager: "Manager", read_only: "Can only look" };
export const kinds = Object.entries(ROLE).map(([id, name]) => ({ id, name }));

/** A role and its preset in one word. */
export const kindOf = (member: Member): string => member.preset ?? member.role;
export const roleOf = (kind: string): { role: string; preset: string | null } => (kind === "client_admin" ? { role: "client_admin", preset: null } : { role: "client_user", preset: kind });

export const ORDERS = [
  { id: "joined", name: "Joined first" },
  { id: "name", name: "By name" },
  { id: "role", name: "By role" },
  { id: "seen", name: "Last signed in" },
];
export const STANDINGS = [
  { id: "all", name: "Everybody" },
  { id: "active", name: "Active" },
  { id: "invited", name: "Invited" },
  { id: "inactive", name: "Inactive" },
];

const place = (member: Member): number => Object.keys(ROLE).indexOf(kindOf(member));
const seen = (member: Member): number => (member.last_login ? Date.parse(member.last_login) : 0);
const COMPARE: Record<string, (a: Member, b: Member) => number> = {
  joined: () => 0,
  name: (a, b) => a.full_name.localeCompare(b.full_name),
  role: (a, b) => place(a) - place(b) || a.full_name.localeCompare(b.full_name),
  seen: (a, b) => seen(b) - seen(a),
};

/** Whom a search by name, address or job title, a role and a standing leave, in an order. */
export function chosen(members: Member[], { words, kind, standing, order }: { words: string; kind: string; standing: string; order: string }): Member[] {
  const wanted = words.trim().toLowerCase();
  return members
    .filter((each) => kind === "all" || kindOf(each) === kind)
    .filter((each) => standing === "all" || each.status === standing)
    .filter((each) => [each.full_name, each.email, each.job_title ?? ""].some((text) => text.toLowerCase().includes(wanted)))
    .toSorted(COMPARE[order] ?? (() => 0));
}
