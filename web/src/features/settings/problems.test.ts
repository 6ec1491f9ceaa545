import { expect, it } from "vitest";
import { troubled } from "./problems";

const connection = { enabled: true, configured: true, problems: [] as string[] };
const connections = (more: object = {}) => ({ retell: connection, calcom: connection, calendly: connection, twilio: connection, email: connection, ...more }) as unknown as NonNullable<Parameters<typeof troubled>[0]["connections"]>;
const sync = (trouble: object | null) => ({ calcom: { trouble: null }, calendly: { trouble } }) as unknown as NonNullable<Parameters<typeof troubled>[0]["sync"]>;
const paused = (reason: string) => ({ reason, since: "2026-11-23T09:00:00Z", by: "system" });

it("names the connections that need somebody", () => {
  expect(troubled({})).toEqual([]);
  expect(troubled({ connections: connections(), sync: sync(null), paused: null })).toEqual([]);
  expect(troubled({ connections: connections({ retell: { ...connection, problems: ["No agent is chosen."] } }) })).toEqual(["the phone provider"]);
  expect(troubled({ connections: connections(), sync: sync({ reason: "wrong_key" }) })).toEqual(["Calendly"]);
});

it("takes a pause of the provider's for a problem, and one of a person's for none", () => {
  expect(troubled({ paused: paused("payment_needed") })).toEqual(["the phone provider"]);
  expect(troubled({ paused: paused("person") })).toEqual([]);
});
