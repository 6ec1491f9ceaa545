import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, clockNow, dev, launch, letters, open, settled, signIn, violations, workingHours } from "./browser";

let browser: Browser;
const number = (): string => `+44161496${String(Math.floor(Math.random() * 1000)).padStart(4, "0")}`;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function somebody(name: string, at: Date): Promise<string> {
  const ask = await asUser();
  const answer = await ask("POST", "/api/contacts", {
    name,
    phone: number(),
    appointment_time: at.toISOString().slice(0, 16),
    voice_consent: { method: "verbal" },
    hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true },
    on_duplicate: "create_new",
  });
  expect(answer.status, await answer.clone().text()).toBe(201);
  return ((await answer.json()) as { id: string }).id;
}

it("at eight in the morning one page shows who is due and waits, what failed, and what came in over night", { timeout: 180_000 }, async () => {
  await workingHours();
  // The next day on which people are rung, at noon.
  const due = await clockNow();
  do due.setUTCDate(due.getUTCDate() + 1);
  while (due.getUTCDay() % 6 === 0);
  due.setUTCHours(12, 0, 0, 0);
  const [failed, late] = [`Failed ${letters()}`, `Overnight ${letters()}`];
  await dev("sandbox/script", { default: { disconnection_reason: "invalid_destination" } });
  const id = await somebody(failed, due);
  const ask = await asUser();
  await ask("POST", `/api/contacts/${id}/call-now`, {});
  const open_ = async () => ((await (await ask("GET", "/api/attention?status=open&page_size=100")).json()) as { attention: { contact: { id: string } }[] }).attention.some((each) => each.contact.id === id);
  for (let minute = 0; minute < 6 && !(await open_()); minute += 1) {
    await dev("clock", { advance_seconds: 60 });
    await new Promise((done) => setTimeout(done, 1_000));
  }
  expect(await open_()).toBe(true);
  // After closing, and then eight in the morning.
  const night = new Date(due);
  night.setUTCHours(5, 0, 0, 0);
  await dev("clock", { now: night.toISOString() });
  await somebody(late, due);
  const eight = new Date(due);
  eight.setUTCHours(8, 0, 0, 0);
  await dev("clock", { now: eight.toISOString() });
  const { page } = await open(browser);
  await signIn(page, "reception", "/today");
  await settled(page);
  const part = (name: RegExp) => page.locator("section").filter({ has: page.getByRole("heading", { level: 2, name }) });
  const attention = part(/^Needs attention/);
  await attention.getByRole("link").first().waitFor();
  // The list begins with a few; what other tests left there may stand before.
  const more = attention.getByRole("button", { name: /^Show \d+ more$/ });
  if (await more.isVisible()) await more.click();
  await attention.getByRole("link", { name: failed }).waitFor();
  await part(/^Today’s appointments/).getByRole("link", { name: late }).waitFor();
  await part(/^Since you closed/).getByText(/^[1-9]\d*$/).first().waitFor();
  expect(await violations(page)).toEqual([]);
  // Enter opens the item, with what helps and what was tried; what was done takes it off, and it can be brought back.
  const row = attention.getByRole("link", { name: failed });
  await row.focus();
  await page.keyboard.press("Enter");
  const sheet = page.getByRole("dialog", { name: failed });
  await sheet.getByRole("heading", { name: "Last calls" }).waitFor();
  await sheet.getByRole("list").first().getByText("Failed").first().waitFor();
  await sheet.getByRole("link", { name: "Open the record" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await sheet.getByRole("button", { name: "Moved" }).click();
  await sheet.waitFor({ state: "detached" });
  await row.waitFor({ state: "detached" });
  await attention.getByRole("button", { name: "What was resolved" }).click();
  const line = attention.getByRole("listitem").filter({ hasText: failed });
  await line.getByText(/Resolved just now/).waitFor();
  expect(await violations(page)).toEqual([]);
  await line.getByRole("button", { name: "Reopen" }).click();
  await line.waitFor({ state: "detached" });
  await attention.getByRole("radio", { name: /^All/ }).click();
  if (await more.isVisible()) await more.click();
  await row.waitFor();
  // What became of appointments since closing leads to those that it counts.
  await part(/^Since you closed/).getByRole("link", { name: /\d new bookings?$/ }).click();
  await page.waitForURL(/changed=/);
  await page.getByRole("list", { name: "Filters" }).getByText("Booked or changed since").waitFor();
  await page.getByRole("checkbox", { name: /^Waiting/ }).waitFor();
  await page.goBack();
  if (await more.isVisible()) await more.click();
  // A click still goes to the record.
  await row.click();
  await page.waitForURL(/\/contacts\/[0-9a-f-]{36}/);
  await page.context().close();
});

it("the words are those of the business", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const before = (await (await ask("GET", "/api/users/business")).json()) as { business_type: string };
  try {
    for (const [kind, word] of [
      ["restaurant", "Guests"],
      ["salon", "Clients"],
    ] as const) {
      expect((await ask("PATCH", "/api/users/business", { business_type: kind })).status).toBe(200);
      const { page } = await open(browser);
      await signIn(page, "admin", "/contacts");
      await page.getByRole("heading", { level: 1, name: word }).waitFor();
      await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: word }).waitFor();
      await expect.poll(() => page.getByText(/patient/i).count()).toBe(0);
      await page.context().close();
    }
  } finally {
    await ask("PATCH", "/api/users/business", { business_type: before.business_type });
  }
});
