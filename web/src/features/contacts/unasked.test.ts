import { expect, it } from "vitest";
import { lacksConsent } from "./unasked";

const AT = new Date("2026-11-23T08:00:00Z");
const NOBODY = { appointment_time: "2026-11-26T09:20:00Z", appointment_status: "pending", next_call_at: null, preferred_contact_method: "voice", preferences: { voice_consent: { state: "unknown" } } };
const asks = { require_voice_consent: true };

it("says that consent is missing where it is what keeps a reminder away, and nowhere else", () => {
  expect(lacksConsent(NOBODY, asks, AT)).toBe(true);
  expect(lacksConsent({ ...NOBODY, preferences: { voice_consent: { state: "withdrawn" } } }, asks, AT)).toBe(true);
  expect(lacksConsent({ ...NOBODY, preferences: { voice_consent: { state: "given" } } }, asks, AT)).toBe(false);
  expect(lacksConsent({ ...NOBODY, next_call_at: "2026-11-25T09:20:00Z" }, asks, AT)).toBe(false);
  expect(lacksConsent({ ...NOBODY, preferred_contact_method: "sms" }, asks, AT)).toBe(false);
  expect(lacksConsent({ ...NOBODY, appointment_status: "confirmed" }, asks, AT)).toBe(false);
  expect(lacksConsent({ ...NOBODY, appointment_time: "2026-11-22T09:20:00Z" }, asks, AT)).toBe(false);
  expect(lacksConsent({ ...NOBODY, appointment_time: null }, asks, AT)).toBe(false);
  expect(lacksConsent(NOBODY, { require_voice_consent: false }, AT)).toBe(false);
  expect(lacksConsent(NOBODY, undefined, AT)).toBe(false);
});
