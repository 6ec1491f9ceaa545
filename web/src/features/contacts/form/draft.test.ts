import { describe, expect, it } from "vitest";
import { EMPTY, bodyOf, changesOf, clashes, merge, type Draft } from "./draft";

const before: Draft = { ...EMPTY, name: "Eleanor Whitcombe", phone: "+447700900845", date: "2026-11-23", time: "11:15", notes: "Side door" };

describe("a contact's form", () => {
  it("sends only what was changed", () => {
    expect(changesOf(before, before, "Europe/London")).toEqual({});
    expect(changesOf(before, { ...before, time: "12:00", notes: "" }, "Europe/London")).toEqual({ appointment_time: "2026-11-23T12:00", timezone: "Europe/London", notes: null });
    expect(changesOf(before, { ...before, sms: true }, "Europe/London")).toEqual({ preferences: { sms_opt_in: true, email_opt_in: false, preferred_contact_time: "anytime" } });
  });

  it("leaves out of a new contact what was not filled in", () => {
    expect(bodyOf({ ...EMPTY, name: " Zoë ", phone: "07912 345678", date: "2027-03-10" })).toEqual({
      name: "Zoë",
      phone: "07912 345678",
      priority: "normal",
      preferred_contact_method: "voice",
      preferences: { sms_opt_in: false, email_opt_in: false },
      booking_source: "manual",
    });
  });

  it("names the industry that was chosen, and never sends what was typed for another", () => {
    expect(bodyOf({ ...EMPTY, name: "Zoë", phone: "1", industry: "legal", custom: { case_status: "active" }, aside: { insurer: "Bupa" } })).toMatchObject({ industry: "legal", custom_fields: { case_status: "active" } });
    expect(changesOf(before, { ...before, industry: "legal", aside: { insurer: "Bupa" } }, "Europe/London")).toEqual({ industry: "legal" });
    expect(changesOf({ ...before, industry: "legal" }, before, "Europe/London")).toEqual({ industry: null });
  });

  it("merges what does not clash and asks about what does", () => {
    const mine: Draft = { ...before, notes: "Front door", email: "e@example.org" };
    const theirs: Draft = { ...before, notes: "Back door", phone: "+447700900111" };
    expect(clashes(before, mine, theirs)).toEqual([{ key: "notes", before: "Side door", mine: "Front door", theirs: "Back door" }]);
    expect(merge(before, mine, theirs, new Set())).toMatchObject({ notes: "Back door", email: "e@example.org", phone: "+447700900111" });
    expect(merge(before, mine, theirs, new Set(["notes"]))).toMatchObject({ notes: "Front door", email: "e@example.org", phone: "+447700900111" });
  });

  it("takes an industry's form field by field", () => {
    const with_ = (custom: Draft["custom"]): Draft => ({ ...before, custom });
    const [base, mine, theirs] = [with_({ insurer: "Bupa", seat: "bar", old: 1 }), with_({ insurer: "Aviva", seat: "bar" }), with_({ insurer: "Bupa", seat: "garden", old: 1 })];
    expect(clashes(base, mine, theirs)).toEqual([]);
    expect(merge(base, mine, theirs, new Set()).custom).toEqual({ insurer: "Aviva", seat: "garden" });
    const other = with_({ insurer: "Vitality", seat: "garden", old: 1 });
    expect(clashes(base, mine, other)).toEqual([{ key: "custom", before: { insurer: "Bupa" }, mine: { insurer: "Aviva" }, theirs: { insurer: "Vitality" } }]);
    expect(merge(base, mine, other, new Set()).custom).toEqual({ insurer: "Vitality", seat: "garden" });
    expect(merge(base, mine, other, new Set(["custom"])).custom).toEqual({ insurer: "Aviva", seat: "garden" });
  });

  it("does not call the same change a clash", () => {
    const both: Draft = { ...before, time: "12:00" };
    expect(clashes(before, both, both)).toEqual([]);
  });
});
