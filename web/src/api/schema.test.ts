import { readFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";

const at = (path: string) => new URL(path, import.meta.url);

it("is what the API's document says now; `npm run api` writes it anew", { timeout: 60_000 }, async () => {
  const nodes = await openapiTS(at("../../../docs/openapi.json"), { emptyObjectsUnknown: true, defaultNonNullable: false });
  const fresh = astToString(nodes).trim();
  const kept = readFileSync(at("./schema.ts"), "utf8");
  expect(kept.endsWith(`${fresh}\n`) || kept.trim().endsWith(fresh)).toBe(true);
});
