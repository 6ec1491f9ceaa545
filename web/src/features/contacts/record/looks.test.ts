import { expect, it } from "vitest";
import { gathered } from "./looks";

const entry = (id: string, action: string, by: string) => ({ id, action, by });

it("makes one line of what one person looked at between two changes", () => {
  const rows = gathered([entry("6", "contact.viewed", "jo"), entry("5", "calls.viewed", "jo"), entry("4", "contact.viewed", "priya"), entry("3", "contact.updated", "jo"), entry("2", "contact.updated", "jo"), entry("1", "contact.viewed", "jo")], (each) => each.by);
  expect(rows.map((row) => [row.entry.id, row.times])).toEqual([
    ["6", 2],
    ["4", 1],
    ["3", 1],
    ["2", 1],
    ["1", 1],
  ]);
});
