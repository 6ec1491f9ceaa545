import { expect, it } from "vitest";
import { steady } from "./steady";

const keyOf = (item: string): string => item.slice(0, 1);

it("is the list as it is while nobody's hand is on it", () => {
  const items = ["b1", "a1"];
  expect(steady(null, items, keyOf)).toEqual({ rows: items, waiting: 0 });
});

it("keeps places, shows what is known now, drops what is gone and lets what is new wait", () => {
  expect(steady(["a", "b", "c"], ["d1", "c2", "a2", "e1"], keyOf)).toEqual({ rows: ["a2", "c2"], waiting: 2 });
  expect(steady([], ["a1"], keyOf)).toEqual({ rows: [], waiting: 1 });
  expect(steady(["a"], [], keyOf)).toEqual({ rows: [], waiting: 0 });
});
