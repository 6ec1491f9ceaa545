import { expect, it } from "vitest";
import { pairsOf, valueWords, type Names } from "./beforeAfter";

const A = "0192f0c1-2b3c-7def-8abc-0123456789ab";
const B = "0192f0c1-2b3c-7def-8abc-0123456789ac";
const names: Names = {
  group: (id) => (id === A ? "VIP" : undefined),
  person: (id) => (id === A ? "Jo Mills" : undefined),
  place: (id) => (id === A ? "Hull" : undefined),
  zone: "Europe/London",
  now: new Date("2027-01-12T09:00:00Z"),
};
const said = (field: string, value: unknown) => valueWords(field, value, names);

it("finds what an edit changed of the contact and of each appointment", () => {
  expect(pairsOf({ contact: { name: ["Zoe", "Zoé"], notes: [null, ""] }, [A]: { owner_name: [null, "Dr Rao"] }, [B]: { appointment_status: ["pending", "confirmed"] }, reason: "They rang." })).toEqual([
    ["name", "Zoe", "Zoé"],
    ["owner_name", null, "Dr Rao"],
    ["appointment_status", "pending", "confirmed"],
  ]);
});

it("finds the groups of members that came and went, and nothing where nothing is said", () => {
  expect(pairsOf({ before: { group_ids: [A] }, after: { group_ids: [A, B] } })).toEqual([["group_ids", [A], [A, B]]]);
  expect(pairsOf({ contacts: [A, B], reason: "x", group: A })).toEqual([]);
  expect(pairsOf(null)).toEqual([]);
});

it("says values in words: times, states, groups, people and places, never their ids", () => {
  expect(said("appointment_time", "2027-01-12T14:30:00Z")).toBe("Today 2:30pm");
  expect(said("appointment_status", "rescheduled")).toBe("Moved");
  expect(said("group_ids", [A, B])).toBe("VIP, a group that is gone");
  expect(said("assigned_to", A)).toBe("Jo Mills");
  expect(said("assigned_to", B)).toBe("somebody");
  expect(said("location_id", A)).toBe("Hull");
  expect(said("merged_into", B)).toBe("another record");
  expect(said("deleted", { at: "2027-01-11T09:00:00Z", by: A })).toBe("at yesterday 9am, by Jo Mills");
  expect(said("do_not_contact", true)).toBe("yes");
  expect(said("appointment_duration", 30)).toBe("30 min");
  expect(said("custom_fields", { insurer: "Bupa", plan: null })).toBe("insurer Bupa");
  expect(said("confirmation", { at: "2027-01-12T09:00:00Z", method: "phone", minutes_before: 30 })).toBe("at today 9am, method phone");
  expect(said("tags", [])).toBe("nothing");
  expect(said("priority", "high")).toBe("high");
});
