import { expect, it } from "vitest";
import { chosen, type Member } from "./members";

const member = (name: string, more: Partial<Member>): Member => ({ id: name, full_name: name, email: `${name.toLowerCase()}@riverside.example`, role: "client_user", preset: "receptionist", status: "active", industries: [], permissions: [], permission_changes: {}, created_at: "2026-01-01T00:00:00Z", ...more });
const team = [
  member("Zoe", { role: "client_admin", preset: null, last_login: "2026-11-20T08:00:00Z" }),
  member("Ada", { job_title: "Dental nurse", status: "invited" }),
  member("Mo", { preset: "manager", last_login: "2026-11-21T08:00:00Z" }),
];
const names = (choice: Partial<Parameters<typeof chosen>[1]>) => chosen(team, { words: "", kind: "all", standing: "all", order: "joined", ...choice }).map((each) => each.full_name);

it("finds members by name, address, job title, role and standing", () => {
  expect(names({})).toEqual(["Zoe", "Ada", "Mo"]);
  expect(names({ words: " NURSE " })).toEqual(["Ada"]);
  expect(names({ words: "mo@" })).toEqual(["Mo"]);
  expect(names({ kind: "client_admin" })).toEqual(["Zoe"]);
  expect(names({ standing: "invited" })).toEqual(["Ada"]);
});

it("orders them", () => {
  expect(names({ order: "name" })).toEqual(["Ada", "Mo", "Zoe"]);
  expect(names({ order: "role" })).toEqual(["Zoe", "Ada", "Mo"]);
  expect(names({ order: "seen" })).toEqual(["Mo", "Zoe", "Ada"]);
});
