import { expect, it } from "vitest";
import { markOf, merged } from "./useAutoSave";

it("lays a change over settings without losing their neighbours", () => {
  const before = { a: 1, hours: { from: "08:00", until: "20:00" }, list: [1, 2], price: { amount: 9 } };
  expect(merged(before, { hours: { from: "09:00" }, list: [3], price: null })).toEqual({ a: 1, hours: { from: "09:00", until: "20:00" }, list: [3], price: null });
  expect(before.hours.from).toBe("08:00");
});

it("marks what waits to be saved and what was saved last, and nothing beside it", () => {
  const server = { name: "Riverside", note: null, days: { monday: { open: "08:00", closed: false }, tuesday: { open: "08:00" } } };
  const marks = (patch: object | null, sent: object | null) => ["name", "note", "days.monday", "days.monday.open", "days.tuesday"].map((path) => markOf(path, server, patch, sent));
  expect(marks(null, null)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect(marks({ days: { monday: { closed: true } } }, null)).toEqual([undefined, undefined, "changed", undefined, undefined]);
  expect(marks(null, { name: "Riverside", note: null })).toEqual(["saved", "saved", undefined, undefined, undefined]);
  // Put back to what it is, it waits no more; changed again after it was saved, it does.
  expect(marks({ name: "Riverside", days: { monday: { open: "08:00" } } }, null)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect(marks({ name: "Riverbank" }, { name: "Riverside" })[0]).toBe("changed");
});
