import { expect, it } from "vitest";
import { chosenIn, telling } from "./telling";

const plain = { appointment_status: "pending", needs_attention: null, group_ids: [], appointment_time: null, next_call_at: null, last_contact_time: null, call_attempts: 0, industry: null, priority: "normal", assigned_to: null, created_by: "me", is_active: true };

it("leaves the facets in which people differ", () => {
  expect([...telling([])]).toEqual([]);
  expect([...telling([plain])]).toEqual([]);
  expect([...telling([plain, { ...plain }])]).toEqual([]);
  expect([...telling([plain, { ...plain, appointment_status: "confirmed" }])]).toEqual(["status"]);
  expect([...telling([plain, { ...plain, needs_attention: { reason: "no_phone" } }])]).toEqual(["status"]);
  expect([...telling([{ ...plain, group_ids: ["a", "b"] }, { ...plain, group_ids: ["b", "a"] }])]).toEqual([]);
  expect([...telling([{ ...plain, group_ids: ["a"] }, plain])]).toEqual(["groups"]);
  // Twice on one day are not two values.
  expect([...telling([{ ...plain, appointment_time: "2026-11-23T09:00:00Z" }, { ...plain, appointment_time: "2026-11-23T15:00:00Z" }])]).toEqual([]);
  expect([...telling([{ ...plain, industry: "legal", is_active: false }, plain])]).toEqual(["industry", "more"]);
});

it("knows in which facets something is chosen", () => {
  expect([...chosenIn({ view: "list", sort: ["name"], attention: true, from: "2026-11-23", to: "2026-11-23" })]).toEqual(["status", "when"]);
});
