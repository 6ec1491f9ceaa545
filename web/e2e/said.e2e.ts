import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, clockNow, launch, open, settled, signIn } from "./browser";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;
beforeAll(async () => {
  browser = await launch();
  ask = await asUser();
});
afterAll(() => browser.close());

async function signedIn(path: string): Promise<Page> {
  const { page } = await open(browser);
  await signIn(page, "admin", path);
  await settled(page);
  return page;
}

/** A working day some days from now. */
async function soon(days: number): Promise<string> {
  const at = new Date((await clockNow()).getTime() + days * 86_400_000);
  while (at.getUTCDay() % 6 === 0 || at.getUTCDay() === 1) at.setUTCDate(at.getUTCDate() + 1);
  return at.toISOString().slice(0, 10);
}

it("an appointment of another zone is edited by the clock of that zone, which is named", async () => {
  const day = await soon(8);
  const made = (await (await ask("POST", "/api/contacts", { name: "Zonea Faraway", phone: "+441514960559", appointment_time: `${day}T20:30`, timezone: "Europe/Madrid", on_duplicate: "create_new" })).json()) as { id: string };
  const page = await signedIn(`/contacts/${made.id}?do=edit`);
  const form = page.getByRole("dialog", { name: "Edit patient" });
  await form.getByText("Madrid time").waitFor();
  // The business opens and closes by its own clock: half past eight there is half past seven here, and closed.
  await form.getByText(/^Outside your opening hours/).waitFor();
  await page.context().close();
});

it("details go again from a screen that nobody touches, where this device is told so", async () => {
  const page = await signedIn("/account/look");
  await page.getByRole("radio", { name: "After 1 min" }).click();
  await page.clock.install();
  await page.reload();
  await page.getByRole("button", { name: "Hide details" }).waitFor();
  await page.clock.fastForward("01:10");
  await page.getByRole("button", { name: "Show details" }).waitFor();
  await page.context().close();
});

it("whoever adds somebody is told on which day and when Vio would call", async () => {
  const day = await soon(9);
  const page = await signedIn("/contacts/new");
  const [year = "", month = "", dayOfMonth = ""] = day.split("-");
  await page.getByRole("group", { name: "Date" }).getByRole("spinbutton").first().click();
  await page.keyboard.type(`${dayOfMonth}${month}${year}`);
  await page.getByRole("group", { name: "Time" }).getByRole("spinbutton").first().click();
  await page.keyboard.type("0210p");
  const said = page.getByRole("definition").filter({ hasText: "2:10pm" });
  await said.nth(1).waitFor();
  const before = new Date(Date.parse(`${day}T12:00:00Z`) - 86_400_000);
  const words = `${["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][before.getUTCDay()] ?? ""} ${String(before.getUTCDate())} `;
  // A day before, to the minute.
  await expect.poll(() => said.nth(1).textContent()).toContain(words);
  await page.context().close();
});
