import { expect, it } from "vitest";
import { isLeft } from "./screen";

it("takes a screen for left after the minutes chosen, and never where none are", () => {
  expect(isLeft("5", 0, 299_999)).toBe(false);
  expect(isLeft("5", 0, 300_000)).toBe(true);
  expect(isLeft("0", 0, 9_000_000)).toBe(false);
});
