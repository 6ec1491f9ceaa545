import { describe, expect, it } from "vitest";
import { Refusal, byField, refusalOf } from "./problem";

const problem = (more: object) => ({ type: "https://vioconcierge.dev/problems/called-recently", title: "Called recently", status: 409, detail: "Wait.", ...more });

describe("a refusal", () => {
  it("is known by the last part of its type", () => {
    expect(new Refusal(problem({})).slug).toBe("called-recently");
    expect(Refusal.offline().slug).toBe("offline");
  });

  it("names the fields at fault as the form does", () => {
    const refusal = new Refusal(problem({ errors: [{ pointer: "/preferences/timezone", detail: "first", code: "x" }, { pointer: "/preferences/timezone", detail: "second", code: "y" }, { pointer: "/phone", detail: "too short", code: "z" }] }));
    expect(byField(refusal)).toEqual({ "preferences.timezone": "first", phone: "too short" });
    expect(byField(null)).toEqual({});
  });

  it("gives what belongs to its type, and only texts", () => {
    const refusal = new Refusal(problem({ existing_ids: ["a", 1, "b"], remedy: "Ring.", decision: [{ guard: "gap", passed: false, saw: "1 h" }], instance: "urn:uuid:1234" }));
    expect(refusal.texts("existing_ids")).toEqual(["a", "b"]);
    expect(refusal.text("remedy")).toBe("Ring.");
    expect(refusal.decision).toHaveLength(1);
    expect(refusal.reference).toBe("1234");
  });

  it("is made of answers that are no problem documents too", async () => {
    expect((await refusalOf(new Response("<html>", { status: 502 }))).status).toBe(502);
    expect((await refusalOf(new Response(JSON.stringify(problem({})), { status: 409 }))).slug).toBe("called-recently");
  });
});
