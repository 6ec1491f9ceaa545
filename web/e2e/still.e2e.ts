import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, clockNow, launch, letters, open, settled, signIn, workingHours } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const place = (row: Locator): Promise<number> => row.evaluate((each: HTMLElement) => each.offsetTop);

it("rows keep their place under the pointer and the keyboard; what came meanwhile is told above them", { timeout: 120_000 }, async () => {
  await workingHours();
  const ask = await asUser();
  const start = (await clockNow()).getTime();
  /** Somebody with an appointment today, so many minutes from now: the fewer, the higher in the list. */
  const booked = async (minutes: number): Promise<string> => {
    const name = `Steady ${letters()}`;
    const answer = await ask("POST", "/api/contacts", { name, phone: `+44151495${String(Math.floor(Math.random() * 10_000)).padStart(4, "0")}`, appointment_time: new Date(start + minutes * 60_000).toISOString(), on_duplicate: "create_new" });
    expect(answer.status, await answer.clone().text()).toBe(201);
    return name;
  };
  const first = await booked(180);
  const { page } = await open(browser);
  await signIn(page, "reception", "/today");
  await settled(page);
  const list = page.locator("section").filter({ has: page.getByRole("heading", { level: 2, name: /^Today’s appointments/ }) });
  const row = (name: string) => list.getByRole("listitem").filter({ hasText: name });
  const fresh = list.getByRole("button", { name: /^\d+ new$/ });

  await row(first).hover();
  const before = await place(row(first));
  const second = await booked(170);
  await fresh.waitFor();
  await expect.poll(() => row(second).count()).toBe(0);
  expect(await place(row(first))).toBe(before);
  // The pointer leaves the list.
  await page.getByRole("heading", { level: 1 }).hover();
  await row(second).waitFor();
  await expect.poll(() => fresh.count()).toBe(0);
  expect(await place(row(second))).toBeLessThan(await place(row(first)));

  await page.keyboard.press("Shift");
  await row(first).getByRole("link").focus();
  const held = await place(row(first));
  const third = await booked(160);
  await fresh.waitFor();
  await expect.poll(() => row(third).count()).toBe(0);
  expect(await place(row(first))).toBe(held);
  await fresh.press("Enter");
  await row(third).waitFor();
  await expect.poll(() => fresh.count()).toBe(0);
  expect(await page.evaluate(() => document.activeElement?.closest("li") !== null)).toBe(true);
  await page.context().close();
});
