import { describe, expect, it } from "vitest";
import { axisLabels } from "./axis";

/** An axis from `left` on with a place every `step` pixels, and what remains to the right of the last. */
const axis = (count: number, step: number, { remains = 60, size = 1 } = {}) => {
  const left = 40;
  return axisLabels({ count, left, size, width: left + (count - 1) * step + remains, place: (at) => left + at * step });
};

describe("labels of an axis", () => {
  it("are all there where there is room", () => {
    expect(axis(7, 60)).toEqual({ labelled: [0, 1, 2, 3, 4, 5, 6], tight: false });
  });
  it("become fewer where there is not, and the last one stays", () => {
    const { labelled, tight } = axis(30, 20);
    expect(tight).toBe(false);
    expect(labelled.at(-1)).toBe(29);
    expect(new Set(labelled.slice(1).map((at, before) => at - (labelled[before] ?? 0)))).toEqual(new Set([3]));
  });
  it("become fewer where the text is large", () => {
    expect(axis(30, 20, { size: 2 }).labelled.length).toBeLessThan(axis(30, 20).labelled.length);
  });
  it("leave room for a last one that ends at its place", () => {
    const { labelled, tight } = axis(8, 70, { remains: 10 });
    expect(tight).toBe(true);
    expect(labelled).toEqual([0, 1, 2, 3, 4, 5, 7]);
  });
  it("are none where there is nothing", () => {
    expect(axis(0, 20).labelled).toEqual([]);
  });
});
