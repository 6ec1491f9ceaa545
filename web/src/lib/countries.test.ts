import { expect, it } from "vitest";
import { countries, country, regionWords } from "./countries";

it("names countries as people do", () => {
  expect([country("FR"), country("001"), country("??")]).toEqual(["France", "no one country", "??"]);
  expect(countries()).toContainEqual({ id: "IM", name: "Isle of Man" });
  expect(countries().every(({ id, name }) => name !== id)).toBe(true);
});

it("says which country is not allowed, and which are", () => {
  expect(regionWords("FR", ["GB", "GG", "IM", "JE"])).toBe("Numbers from France are not allowed here. Allowed: Guernsey, the Isle of Man, Jersey and the United Kingdom.");
  expect(regionWords(null, undefined)).toBe("Numbers of this country are not allowed here.");
});
