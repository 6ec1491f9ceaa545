import { describe, expect, it } from "vitest";
import { isOpen } from "./open";

describe("pages that are open", () => {
  it("are those of links alone", () => {
    expect(["/forgot", "/reset", "/invite", "/reset/"].every(isOpen)).toBe(true);
    expect(["/", "/today", "/resets", "/invite/x", "/account"].some(isOpen)).toBe(false);
  });
});
