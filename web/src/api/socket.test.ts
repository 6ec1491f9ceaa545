import { expect, it } from "vitest";
import { concerns } from "./socket";

it.each([
  ["contact.updated", ["contacts", "attention", "groups"]],
  ["call.settled", ["calls", "limits", "contacts", "attention"]],
  ["calling.paused", ["limits"]],
  ["job.changed", ["jobs"]],
  ["many.changed", ["limits", "calls", "attention", "contacts", "groups", "campaigns", "jobs", "notifications"]],
  ["user.signed_in", []],
  ["nonsense", []],
])("%s is about %j", (type, topics) => {
  expect(concerns({ type, id: "x", version: 1 })).toEqual(topics);
});
