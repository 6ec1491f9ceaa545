import { expect, it } from "vitest";
import { notShown, whom, type Selection } from "./selection";

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
