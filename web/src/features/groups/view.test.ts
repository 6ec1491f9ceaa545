import { expect, it } from "vitest";
import { pressed, readGroupsSearch } from "./view";

it("takes from an address the view and the sort, and nothing else", () => {
  expect(readGroupsSearch({ view: "table", sort: "member_count", way: "asc", name: "x" })).toEqual({ view: "table", sort: "member_count", way: "asc" });
  expect(readGroupsSearch({ view: "tiles", sort: "toString", way: "up" })).toEqual({});
});

it("sorts by a column its usual way round first, then the other", () => {
  expect(pressed("name", { sort: "recent_activity", way: "desc" })).toEqual({ sort: "name", way: "asc" });
  expect(pressed("name", { sort: "name", way: "asc" })).toEqual({ sort: "name", way: "desc" });
  expect(pressed("member_count", { sort: "name", way: "asc" })).toEqual({ sort: "member_count", way: "desc" });
});
