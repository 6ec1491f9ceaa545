import { expect, it } from "vitest";
import { byResolved, lastPage, type Entry } from "./queries";

it("reads what was resolved from its last page on", () => {
  expect([0, 1, 25, 26, 100].map(lastPage)).toEqual([1, 1, 1, 2, 4]);
  expect(lastPage(null)).toBe(400);
});

it("puts what was resolved last first", () => {
  const entry = (id: string, resolved: string | null): Entry => ({ attention_id: id, reason: "unknown", status: "resolved", since: "2027-01-12T09:00:00Z", contact: { id: "c", name: "Ada" }, notes: 0, version: 1, resolved_at: resolved });
  expect([entry("a", "2027-01-12T10:00:00Z"), entry("b", null), entry("c", "2027-01-12T11:00:00Z")].sort(byResolved).map((each) => each.attention_id)).toEqual(["c", "a", "b"]);
});
