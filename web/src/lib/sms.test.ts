import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { smsLength } from "./sms";

interface Vector {
  text: [string, number][];
  encoding: string;
  units: number;
  segments: number;
}

it("counts as the server does", () => {
  const vectors = JSON.parse(readFileSync(new URL("../../../shared/domain/data/sms-segments.json", import.meta.url), "utf8")) as Vector[];
  expect(vectors.length).toBeGreaterThanOrEqual(15);
  for (const { text, encoding, units, segments } of vectors) {
    const found = smsLength(text.map(([piece, times]) => piece.repeat(times)).join(""));
    expect({ encoding: found.encoding, units: found.units, segments: found.segments }).toEqual({ encoding, units, segments });
  }
});

it("says which characters make a text longer, and what still fits", () => {
  expect(smsLength("See you at 9 👍")).toMatchObject({ encoding: "ucs2", wide: ["👍"], left: 55 });
  expect(smsLength("See you at 9")).toMatchObject({ encoding: "gsm7", wide: [], left: 148 });
  expect(smsLength("a".repeat(161)).left).toBe(145);
});
