import { expect, it } from "vitest";
import { actionWords, fieldWords, whoDid } from "./changeWords";

it("says who did what in words of the desk, also of what is new", () => {
  expect(whoDid({ kind: "user", name: "Jo Mills" }, undefined)).toBe("Jo Mills");
  expect(whoDid({ kind: "user" }, "Priya Shah")).toBe("Priya Shah");
  expect(whoDid({ kind: "provider", name: "retell" }, undefined)).toBe("the phone provider");
  expect(whoDid({ kind: "system", name: "campaign-worker" }, undefined)).toBe("Vio");
  expect([actionWords("call.settled"), actionWords("door.opened")]).toEqual(["Call over", "Door opened"]);
  expect([fieldWords("group_ids"), fieldWords("do_not_contact")]).toEqual(["groups", "do not contact"]);
});
