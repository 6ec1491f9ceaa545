import { describe, expect, it } from "vitest";
import { bodyOf, fromBody, hasFilters, nextSort, readListSearch, staysInList } from "./filters";

const group = "0192f0c1-2b3c-7def-8abc-0123456789ab";

describe("the filters of a list", () => {
  it("takes ids and enumerations from an address and drops the rest", () => {
    expect(readListSearch({ status: ["pending", "nonsense"], groups: [group, "x"], logic: "not", search: "Okafor", when: "today", from: "23/11", sort: ["-name", "phone"], attention: "true" })).toEqual({
      status: ["pending"],
      groups: [group],
      logic: "not",
      when: "today",
      sort: ["-name"],
    });
  });

  it("survives the way to the API and back", () => {
    const search = readListSearch({ status: ["pending", "confirmed"], groups: [group], logic: "all", from: "2026-11-23", to: "2026-11-23", priority: ["urgent"], source: ["calcom"], industry: ["legal", "healthcare"], attention: true, last: "never", sort: ["-created_at", "name"] });
    const text = { search: "joh*", type: "Check-up" };
    expect(fromBody(bodyOf(search, text))).toEqual({ search, text });
  });

  it("searches from two characters, by relevance unless something else is chosen", () => {
    expect(bodyOf({}, { search: "a" })).toEqual({ sort: ["appointment_time"] });
    expect(bodyOf({}, { search: " ab " })).toEqual({ search: "ab", sort: ["relevance"] });
    expect(bodyOf({ sort: ["name"] }, { search: "ab" }).sort).toEqual(["name"]);
  });

  it("knows a list from everybody", () => {
    expect(hasFilters({ view: "cards", sort: ["name"], list: group }, {})).toBe(false);
    expect(hasFilters({ attention: true }, {})).toBe(true);
    expect(hasFilters({}, { search: "x" })).toBe(true);
  });

  it("leaves a saved list with its last filter, and not by another view of it", () => {
    const kept = { search: { attention: true } as const, text: {} };
    expect(staysInList(kept, { list: group }, {})).toBe(false);
    expect(staysInList(kept, { list: group, attention: true, view: "cards" }, {})).toBe(true);
    expect(staysInList(kept, { list: group }, { search: "x" })).toBe(true);
    expect(staysInList({ search: { sort: ["name"] }, text: {} }, { list: group, view: "cards" }, {})).toBe(true);
  });

  it("sorts by one heading, or by the next with Shift", () => {
    expect(nextSort(["appointment_time"], "name", false)).toEqual(["name"]);
    expect(nextSort(["name"], "name", false)).toEqual(["-name"]);
    expect(nextSort(["-name"], "name", false)).toEqual(["appointment_time"]);
    expect(nextSort(["status"], "name", true)).toEqual(["status", "name"]);
    expect(nextSort(["status", "name"], "status", true)).toEqual(["-status", "name"]);
    expect(nextSort(["status", "-name"], "name", true)).toEqual(["status"]);
  });
});
