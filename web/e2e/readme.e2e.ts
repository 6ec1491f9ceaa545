import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { asUser, base, clockNow, dev, launch, open, settled, signIn, type Look } from "./browser";

const folder = fileURLToPath(new URL("../../docs/screenshots", import.meta.url));
/** Twelve hours of the demo clinic, in steps of a window. */
const STEPS = 40;

interface Person {
  id: string;
  name: string;
}

const confirmed = { disconnection_reason: "user_hangup", appointment_action: "confirmed" };
/** How the reminders of one morning end, in the order of the appointments. */
const ENDS: object[] = [
  confirmed,
  { disconnection_reason: "invalid_destination" },
  confirmed,
  { disconnection_reason: "user_hangup", appointment_action: "cancelled" },
  { disconnection_reason: "user_hangup", appointment_action: "rescheduled" },
  confirmed,
  confirmed,
  { disconnection_reason: "dial_no_answer" },
  confirmed,
  { disconnection_reason: "user_hangup" },
  confirmed,
  { disconnection_reason: "invalid_destination" },
];
const NAMES = ["Ngozi Okafor", "Arthur Whitcombe", "Rosa Delgado", "Liam Doherty", "Eleanor Whitcombe", "Kwame Mensah", "Hannah Fairbrother", "Piotr Nowak", "Aisha Rahman", "Gareth Pugh", "Matilda Frost", "Samuel Oyelaran"];

/** The pictures in the README, made anew: `VIO_README=1 web/e2e/run.sh readme`. */
describe.runIf(process.env.VIO_README)("pictures for the README", () => {
  let browser: Browser;
  let person = "";
  let group = "";

  beforeAll(async () => {
    browser = await launch();
    // The next Monday at nine, a day before the first appointments of the demo clinic.
    const monday = await clockNow();
    while (monday.getUTCDay() !== 1 || monday.getUTCHours() !== 8) monday.setTime(monday.getTime() - (monday.getTime() % 3_600_000) + 3_600_000);
    await dev("clock", { now: monday.toISOString() });
    let ask = await asUser();
    const groups: Record<string, string> = {};
    for (const [name, color] of [
      ["Elderly patients", "#8B5CF6"],
      ["VIP", "#EC4899"],
      ["Evenings", "#3B82F6"],
    ] as const) {
      const made = await ask("POST", "/api/groups", { name, color });
      groups[name] = ((await made.json()) as { id: string }).id;
    }
    const { contacts } = (await (await ask("POST", "/api/contacts/search", { page_size: 100, sort: ["appointment_time"] })).json()) as { contacts: Person[] };
    const own = Object.values(groups);
    for (const [place, { id }] of contacts.slice(0, 24).entries()) {
      await ask("PATCH", `/api/contacts/${id}`, {
        ...(place % 3 === 0 && { special_instructions: "Please use the entrance in the courtyard: the front door is being repaired." }),
        ...(place % 4 === 1 && { notes: "Prefers to be rung after ten. Comes with a friend." }),
        ...(place % 2 === 0 && { group_ids: [own[(place / 2) % own.length]] }),
      });
    }
    const day = new Date(monday.getTime() + 86_400_000).toISOString().slice(0, 10);
    const calls: Record<string, object> = {};
    for (const [place, name] of NAMES.entries()) {
      const phone = `+4416149608${String(10 + place)}`;
      calls[phone] = ENDS[place] ?? confirmed;
      const minutes = String((place % 4) * 15).padStart(2, "0");
      const made = await ask("POST", "/api/contacts", {
        name,
        phone,
        appointment_time: `${day}T${String(9 + Math.floor(place / 4)).padStart(2, "0")}:${minutes}`,
        appointment_type: "Check-up",
        appointment_duration: 15,
        owner_name: place % 2 === 0 ? "Dr Emily Jones" : "Jo Lee",
        special_instructions: "Please use the entrance in the courtyard: the front door is being repaired.",
        notes: "Prefers to be rung after ten.",
        group_ids: [own[place % own.length]],
        voice_consent: { method: "verbal" },
        hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true },
        on_duplicate: "create_new",
      });
      if (made.status !== 201) throw new Error(await made.text());
    }
    await dev("sandbox/script", { by_number: calls, default: confirmed });
    for (let step = 0; step < STEPS; step += 1) {
      await dev("clock", { advance_seconds: 900 });
      await new Promise((done) => setTimeout(done, 900));
    }
    const tuesday = await clockNow();
    tuesday.setUTCDate(tuesday.getUTCDate() + (tuesday.getUTCDay() === 1 ? 1 : 0));
    tuesday.setUTCHours(8, 4, 0, 0);
    await dev("clock", { now: tuesday.toISOString() });
    await new Promise((done) => setTimeout(done, 4_000));
    ask = await asUser();
    const found = (await (await ask("POST", "/api/contacts/search", { attention: true, page_size: 50, sort: ["appointment_time"] })).json()) as { contacts: Person[] };
    person = (found.contacts.find((each) => each.name === "Eleanor Whitcombe") ?? found.contacts[0])?.id ?? "";
    const all = (await (await ask("GET", "/api/groups")).json()) as { groups: { id: string; contact_count: number }[] };
    group = all.groups.toSorted((a, b) => b.contact_count - a.contact_count)[0]?.id ?? "";
  }, 240_000);
  afterAll(() => browser.close());

  const pictures: [string, () => string, Look, number, number][] = [
    ["today", () => "/today", {}, 1280, 800],
    ["patients", () => "/contacts", {}, 1280, 740],
    ["patient", () => `/contacts/${person}`, {}, 1280, 800],
    ["campaign", () => `/groups/${group}/call`, {}, 1280, 800],
    ["dark", () => "/contacts?view=%22cards%22", { theme: "dark" }, 1280, 800],
    ["phone", () => "/today", {}, 390, 844],
  ];

  it.each(pictures)("%s", async (name, path, look, width, height) => {
    const { page, context } = await open(browser, { width, height, look });
    await signIn(page, "admin", "/today");
    await page.goto(base() + path());
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    await settled(page);
    if (name === "campaign") {
      await page.getByRole("button", { name: "Check and start" }).click();
      await page.getByText("Who is called first").waitFor();
    }
    await page.waitForTimeout(1_500);
    await page.screenshot({ path: `${folder}/${name}.png` });
    await context.close();
  });
});
