import { expect, it } from "vitest";
import { merged } from "./useAutoSave";

it("lays a change over settings without losing their neighbours", () => {
  const before = { a: 1, hours: { from: "08:00", until: "20:00" }, list: [1, 2], price: { amount: 9 } };
  expect(merged(before, { hours: { from: "09:00" }, list: [3], price: null })).toEqual({ a: 1, hours: { from: "09:00", until: "20:00" }, list: [3], price: null });
  expect(before.hours.from).toBe("08:00");
});
