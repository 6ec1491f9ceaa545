import { describe, expect, it } from "vitest";
import { heard, isEditing, mayRepeat, PREFIX_FOR, waits } from "./chord";

describe("a key", () => {
  it("is itself alone", () => {
    expect(heard(null, "c", 0)).toEqual({ name: "c", prefix: null });
  });

  it("is the second of a pair after G or V, and never a single one too", () => {
    for (const first of ["g", "v"]) {
      const { name, prefix } = heard(null, first, 100);
      expect(name).toBeNull();
      expect(prefix).toEqual({ key: first, at: 100 });
      for (const key of ["c", "s", "e", "r", "n", "Escape"]) expect(heard(prefix, key, 200)).toEqual({ name: `${first} ${key}`, prefix: null });
    }
    expect(heard({ key: "g", at: 0 }, "g", 50)).toEqual({ name: "g g", prefix: null });
  });

  it("is alone again after the pair, and when the first was long ago", () => {
    const { prefix } = heard({ key: "g", at: 0 }, "x", 10);
    expect(heard(prefix, "c", 20).name).toBe("c");
    expect(waits({ key: "g", at: 0 }, PREFIX_FOR - 1)).toBe(true);
    expect(heard({ key: "g", at: 0 }, "c", PREFIX_FOR).name).toBe("c");
  });

  it("that is no prefix waits for nothing", () => {
    const { prefix } = heard(null, "x", 0);
    expect(heard(prefix, "c", 10).name).toBe("c");
  });

  it("held down does nothing again but move", () => {
    expect(["j", "k", "c", "e", "n", "ctrl+z"].filter(mayRepeat)).toEqual(["j", "k"]);
  });

  it("with Ctrl is the field's own where it edits, and nobody's else", () => {
    expect(["ctrl+z", "ctrl+a", "ctrl+k", "ctrl+shift+h", "ctrl+shift+Enter"].filter(isEditing)).toEqual(["ctrl+z", "ctrl+a"]);
  });
});
