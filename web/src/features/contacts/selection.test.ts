import { expect, it } from "vitest";
import { choose, notShown, whom, type Selection } from "./selection";

const waiting = { status: ["pending"], sort: ["name"] };
const confirmed = { status: ["confirmed"], sort: ["name"] };
const chosen = (under: object, ...ids: string[]): Selection => ({ kind: "ids", ids: new Map(ids.map((id) => [id, whom(under)])) });
const three = chosen(waiting, "a", "b", "c");

it("all of a list that was chosen is shown, in any order", () => {
  expect(notShown(three, { by: waiting, ids: new Set(["a", "b", "c", "d"]), whole: true }).count).toBe(0);
  expect(notShown(three, { by: { ...waiting, sort: ["-name"] }, ids: new Set(["d"]), whole: false }).count).toBe(0);
});

it("counts who another filter leaves out", () => {
  expect(notShown(three, { by: confirmed, ids: new Set(["b", "x"]), whole: true })).toEqual({ count: 2, sure: true });
  expect(notShown(three, { by: confirmed, ids: new Set(["b", "x"]), whole: false })).toEqual({ count: 2, sure: false });
});

it("counts who left the list by themselves, as far as that is known", () => {
  expect(notShown(three, { by: waiting, ids: new Set(["a", "b"]), whole: true })).toEqual({ count: 1, sure: true });
  expect(notShown(three, { by: waiting, ids: new Set(["a", "b"]), whole: false }).count).toBe(0);
});

it("says nothing of nobody, nor of everybody a filter finds", () => {
  expect(notShown(chosen(waiting), { by: confirmed, ids: new Set(), whole: true }).count).toBe(0);
  expect(notShown({ kind: "filter", filter: waiting, total: 9 }, { by: confirmed, ids: new Set(), whole: true }).count).toBe(0);
});

it("a range goes from the last one chosen to this one, either way, as far as it was read", () => {
  const rows = new Map(["a", "b", "c", "d"].map((id, place) => [place, { id }]));
  const said: unknown[] = [];
  const choosing = (anchor: number | null, has = false) => ({ anchor, has: () => has, set: (list: { id: string }[], chosen: boolean) => said.push([list.map(({ id }) => id).join(""), chosen]), setAnchor: (place: number | null) => said.push(place) });
  choose(choosing(null), rows, 1, true);
  choose(choosing(1), rows, 3, true);
  choose(choosing(3, true), rows, 2, true);
  choose(choosing(2, true), rows, 0, false);
  choose(choosing(0), rows, 9, true);
  expect(said).toEqual([["b", true], 1, ["bcd", true], 3, ["cd", true], 2, ["a", false], 0]);
});
