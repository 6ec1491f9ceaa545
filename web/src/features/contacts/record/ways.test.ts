import { describe, expect, it } from "vitest";
import { ways } from "./ways";

const whole = { do_not_contact: false, is_active: true, phone: "+447912345678", email: "ada@example.com", preferences: { sms_opt_in: true, email_opt_in: true } };

describe("ways", () => {
  it("are those that the person agreed to and that lead somewhere", () => {
    expect(ways(whole)).toEqual(["sms", "email"]);
    expect(ways({ ...whole, phone: null })).toEqual(["email"]);
    expect(ways({ ...whole, email: null })).toEqual(["sms"]);
    expect(ways({ ...whole, preferences: { sms_opt_in: false, email_opt_in: true } })).toEqual(["email"]);
    expect(ways({ ...whole, preferences: { sms_opt_in: false, email_opt_in: false } })).toEqual([]);
  });

  it("are none to somebody who is to be left alone or is not active", () => {
    expect(ways({ ...whole, do_not_contact: true })).toEqual([]);
    expect(ways({ ...whole, is_active: false })).toEqual([]);
  });
});
