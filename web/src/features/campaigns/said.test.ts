import { describe, expect, it } from "vitest";
import { spokenTo, type Level } from "./said";

const PERSON = { name: "Ngozi Okafor", first_name: "Ngozi", last_name: "Okafor", appointment_type: "Root canal", appointment_duration: 30, owner_name: "Dr Emily Rao", special_instructions: "Bring your card." };
const TYPES = [{ name: "Root canal", spoken_as: "dental visit" }, { name: "HIV test", sensitivity: "sensitive" }, { name: "Follow up" }];

const spoken = (level: Level, { much = "enhanced", length = "standard", type = "Root canal" }: { much?: string; length?: string; type?: string } = {}) =>
  spokenTo({ ...PERSON, appointment_type: type }, "Monday 23 November at 9:30am", { level, style: { personalization_level: much, call_script_length: length }, types: TYPES, location: "Mill Street", number: true });

describe("what Vio may say", () => {
  it("at strict is a first name, a date and a time, once they said who they are", () => {
    expect(spoken("strict")).toEqual({ asks: "Ngozi", atOnce: false, appointment: { type: "appointment", when: "Monday 23 November at 9:30am" }, added: false, mailbox: false });
  });

  it("at standard has a general word for the type, a first name for who it is with, and the place", () => {
    expect(spoken("standard")).toEqual({ asks: "Ngozi", atOnce: true, appointment: { type: "appointment", when: "Monday 23 November at 9:30am", provider: "Dr Emily Rao, first name only", location: "Mill Street" }, added: true, mailbox: true });
    expect(spoken("standard", { type: "Follow up" }).appointment?.type).toBe("follow-up");
  });

  it("at basic has the initial, the type as the list says it, and the words of the record", () => {
    expect(spoken("basic")).toMatchObject({ asks: "Ngozi O", appointment: { type: "dental visit" }, instructions: "Bring your card." });
  });

  it("without a level follows the call settings", () => {
    expect(spoken(null)).toMatchObject({ asks: "Ngozi Okafor", appointment: { type: "dental visit", provider: "Dr Emily Rao", location: "Mill Street", minutes: 30 }, instructions: "Bring your card." });
    expect(spoken(null, { much: "minimal" }).appointment).toEqual({ type: "appointment", when: "Monday 23 November at 9:30am" });
    expect(spoken(null, { length: "brief" })).not.toHaveProperty("instructions");
  });

  it("is the stricter of the two, part by part", () => {
    expect(spoken("basic", { much: "minimal" })).toMatchObject({ asks: "Ngozi O", appointment: { type: "appointment" } });
    expect(spoken("basic", { much: "standard" }).appointment).not.toHaveProperty("location");
  });

  it("is never a sensitive type, and where the level is not known what every level allows", () => {
    expect(spoken(null, { type: "HIV test" }).appointment?.type).toBe("appointment");
    expect(spoken("unknown")).toMatchObject({ asks: "Ngozi", atOnce: false, added: false });
  });
});
