import { expect, it } from "vitest";
import { cardAt } from "./cardAt";

// 0 1 2
// 3 4 5
// 6
const three = { lanes: 3, total: 7 };

it("goes up and down by rows, and to the last card where there is none below", () => {
  expect(cardAt("ArrowDown", 0, three)).toBe(3);
  expect(cardAt("ArrowDown", 3, three)).toBe(6);
  expect(cardAt("ArrowDown", 5, three)).toBe(6);
  expect(cardAt("ArrowDown", 6, three)).toBeNull();
  expect(cardAt("ArrowUp", 4, three)).toBe(1);
  expect(cardAt("ArrowUp", 1, three)).toBeNull();
});

it("goes along the rows, on to the next one, and to both ends", () => {
  expect(cardAt("ArrowRight", 2, three)).toBe(3);
  expect(cardAt("ArrowRight", 6, three)).toBeNull();
  expect(cardAt("ArrowLeft", 3, three)).toBe(2);
  expect(cardAt("ArrowLeft", 0, three)).toBeNull();
  expect([cardAt("Home", 5, three), cardAt("End", 0, three)]).toEqual([0, 6]);
});

it("has nothing beside a line", () => {
  expect(cardAt("ArrowRight", 1, { lanes: 1, total: 7 })).toBeNull();
  expect(cardAt("ArrowDown", 1, { lanes: 1, total: 7 })).toBe(2);
  expect(cardAt("Enter", 1, three)).toBeNull();
});
