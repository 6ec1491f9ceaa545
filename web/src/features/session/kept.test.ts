import { beforeEach, describe, expect, it, vi } from "vitest";
import { KEPT_FOR, drop, keep, kept } from "./kept";

function memory(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const held = new Map<string, string>();
  return { getItem: (key) => held.get(key) ?? null, setItem: (key, value) => held.set(key, value), removeItem: (key) => held.delete(key) };
}

describe("a half-filled form", () => {
  beforeEach(() => {
    vi.useRealTimers();
    vi.stubGlobal("sessionStorage", memory());
  });

  it("comes back to whoever typed it", () => {
    keep("me", "new", { name: "Ann" });
    expect(kept("me", "new")).toEqual({ name: "Ann" });
    expect(kept("me", "other")).toBeNull();
  });

  it("is not shown to somebody else, and is gone then", () => {
    keep("me", "new", { name: "Ann" });
    expect(kept("you", "new")).toBeNull();
    expect(kept("me", "new")).toBeNull();
  });

  it("is forgotten half an hour after the last key", () => {
    vi.useFakeTimers({ now: Date.parse("2026-11-23T09:00:00Z") });
    keep("me", "new", { name: "Ann" });
    vi.advanceTimersByTime(KEPT_FOR - 1);
    expect(kept("me", "new")).not.toBeNull();
    vi.advanceTimersByTime(1);
    expect(kept("me", "new")).toBeNull();
  });

  it("is gone when it is dropped, and what is not a form is left alone", () => {
    sessionStorage.setItem("vio.form.new", "not JSON");
    expect(kept("me", "new")).toBeNull();
    keep("me", "new", {});
    drop("new");
    expect(kept("me", "new")).toBeNull();
  });
});
