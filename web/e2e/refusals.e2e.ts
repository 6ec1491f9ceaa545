import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, clockNow, dev, launch, open, settled, signIn, violations, workingHours } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  await workingHours();
});
afterAll(() => browser.close());

const letters = (): string => Array.from({ length: 7 }, () => "abcdefghij"[Math.floor(Math.random() * 10)]).join("");
const phone = (): string => `+44161496${String(Math.floor(Math.random() * 1000)).padStart(4, "0")}`;

const CONSENT = { voice_consent: { method: "verbal" }, hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true } };

async function somebody(more: object = {}): Promise<{ id: string; phone: string }> {
  const ask = await asUser();
  const day = new Date((await clockNow()).getTime() + 3 * 86_400_000).toISOString().slice(0, 10);
  const number = phone();
  const made = await ask("POST", "/api/contacts", { name: `Refusa ${letters()}`, phone: number, appointment_time: `${day}T10:30`, ...CONSENT, on_duplicate: "create_new", ...more });
  expect(made.status, await made.clone().text()).toBe(201);
  return { id: ((await made.json()) as { id: string }).id, phone: number };
}

/** Presses *Call now* on somebody's page, and reads what the refusal says and offers. */
async function refused(id: string, who: "admin" | "reception" = "admin"): Promise<{ page: Page; title: string; offers: string[] }> {
  const { page } = await open(browser);
  await signIn(page, who, `/contacts/${id}`);
  await settled(page);
  await page.getByRole("button", { name: "Call now" }).click();
  const panel = page.locator("section").filter({ has: page.locator("h2:focus") });
  await panel.waitFor();
  expect(await violations(page)).toEqual([]);
  return { page, title: (await panel.locator("h2").textContent()) ?? "", offers: (await panel.getByRole("listitem").getByRole("button").allTextContents()).map((each) => each.trim()) };
}

it("a paused business says so to who may resume it and to who may not", { timeout: 180_000 }, async () => {
  const { id } = await somebody();
  const ask = await asUser();
  expect((await ask("POST", "/api/calls/pause", {})).status).toBe(200);
  try {
    const { page, title, offers } = await refused(id);
    expect(title).toBe("Calling is paused");
    await page.getByText("Somebody on your team paused it.").waitFor();
    expect(offers).toEqual(["Resume calling", "Ring"]);
    await page.getByRole("listitem").getByRole("button", { name: "Resume calling" }).click();
    await page.getByRole("dialog").or(page.getByRole("alertdialog")).first().waitFor();
    await page.context().close();
  } finally {
    await ask("POST", "/api/calls/resume", {});
  }
});

it("a number on the do-not-call list, somebody not to be contacted, and somebody who has not agreed each have their own way on", { timeout: 240_000 }, async () => {
  const ask = await asUser();
  const listed = await somebody();
  expect((await ask("POST", "/api/dnc", { phone: listed.phone, reason: "Asked us to stop" })).status).toBe(201);
  const first = await refused(listed.id);
  expect([first.title, first.offers]).toEqual(["Not called: the number is on your do-not-call list", ["Open the list"]]);
  await first.page.context().close();

  const silent = await somebody({ do_not_contact: true });
  const second = await refused(silent.id);
  expect([second.title, second.offers]).toEqual(["Not called: marked do not contact", ["Open the record"]]);
  await second.page.getByRole("button", { name: "Open the record" }).click();
  await second.page.getByRole("dialog").getByRole("switch", { name: "Do not contact" }).waitFor({ state: "attached" });
  await second.page.context().close();

  const asked = await somebody({ voice_consent: undefined, hipaa_checklist: undefined });
  const before = (await (await ask("GET", "/api/settings/privacy")).json()) as { require_voice_consent?: boolean };
  const third = await refused(asked.id);
  expect(before.require_voice_consent).not.toBe(false);
  expect([third.title, third.offers]).toEqual(["Not called: consent is not recorded", ["Record consent", "Ring"]]);
  await third.page.context().close();
});

it("who has confirmed is called all the same, with a word about it; at night one is told from when", { timeout: 240_000 }, async () => {
  const ask = await asUser();
  await dev("sandbox/script", { default: { disconnection_reason: "user_hangup", appointment_action: "confirmed" } });
  const { id } = await somebody();
  expect((await ask("PATCH", `/api/contacts/${id}`, { appointment_status: "confirmed", reason: "Rang us" })).status).toBe(200);
  const { page } = await open(browser);
  await signIn(page, "admin", `/contacts/${id}`);
  await settled(page);
  await page.getByRole("button", { name: "Call now" }).click();
  await page.getByText(/It is called regardless\./).waitFor();
  await page.context().close();

  const late = await somebody();
  const night = await clockNow();
  night.setUTCHours(23, 0, 0, 0);
  await dev("clock", { now: night.toISOString() });
  const second = await refused(late.id);
  expect([second.title, second.offers]).toEqual(["Not called: outside your calling hours", ["Ring"]]);
  await second.page.getByText(/It is 11pm on .* Calls are allowed again .*8:00am/).waitFor();
  await second.page.context().close();
  await workingHours();
});

it("numbers are imported for the do-not-call list: looked at first, each error with its row, then added", { timeout: 180_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "admin", "/calls/do-not-call");
  await settled(page);
  await page.getByRole("button", { name: "Import numbers" }).click();
  const dialog = page.getByRole("dialog", { name: "Import numbers" });
  const lines = Array.from({ length: 500 }, (_, place) => `0151 497 ${String(place).padStart(4, "0")},asked us to stop`);
  await dialog.getByLabel("CSV file").setInputFiles({ name: "stop.csv", mimeType: "text/csv", buffer: Buffer.from(["phone,reason", ...lines, "12,too short", lines[0] ?? ""].join("\n")) });
  await dialog.getByText("503 lines in stop.csv.").waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Check" }).click();
  await dialog.getByText(/^502 rows: 500 to add, 0 listed already, 1 repeated, 1 rejected\.$/).waitFor();
  await dialog.getByText(/^Row \d+, “12”:/).waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Add 500 numbers" }).click();
  await page.getByText("asked us to stop").first().waitFor({ timeout: 60_000 });
  await page.context().close();
});
