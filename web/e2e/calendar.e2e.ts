import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clockNow, launch, open, settled, signIn, violations, workingHours } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  await workingHours();
});
afterAll(() => browser.close());

const typed = (page: Page, label: string) => page.getByRole("group", { name: label, exact: true }).getByRole("spinbutton").allTextContents();

it("a date is chosen in a calendar by keys alone: the week begins on Monday, today is marked, Escape goes back to the button", { timeout: 120_000 }, async () => {
  const { page, context } = await open(browser);
  await signIn(page, "admin", "/contacts/new");
  await settled(page);
  // What nobody has asked for is not there, and comes before it is needed.
  const button = page.getByRole("button", { name: "Date, open the calendar" });
  await button.focus();
  await page.keyboard.press("Enter");
  const calendar = page.getByRole("dialog", { name: "Date, calendar" });
  await calendar.waitFor();
  expect(await violations(page)).toEqual([]);
  expect((await calendar.locator("th").allTextContents()).slice(0, 2)).toEqual(["Mon", "Tue"]);
  const today = await clockNow();
  const marked = calendar.locator("[class*='today']");
  await expect.poll(() => marked.allTextContents()).toEqual([String(today.getUTCDate())]);
  expect(await marked.evaluate((each) => each === document.activeElement)).toBe(true);
  await page.keyboard.press("Escape");
  await calendar.waitFor({ state: "detached" });
  expect(await button.evaluate((each) => each === document.activeElement)).toBe(true);
  expect(await typed(page, "Date")).toEqual(["dd", "mm", "yyyy"]);
  // A week later, by keys.
  await page.keyboard.press("Enter");
  await calendar.waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await calendar.waitFor({ state: "detached" });
  const later = new Date(today.getTime() + 7 * 86_400_000).toISOString().slice(0, 10);
  expect((await typed(page, "Date")).toReversed().map((each) => each.padStart(2, "0")).join("-")).toBe(later);
  expect(await button.evaluate((each) => each === document.activeElement)).toBe(true);
  // What is typed is what the calendar opens with.
  await page.keyboard.press("Enter");
  await calendar.waitFor();
  await expect.poll(() => calendar.locator("[data-selected]").textContent()).toBe(String(Number(later.slice(8))));
  await context.close();
});

it("a list is narrowed to the appointments between two days, typed or chosen", { timeout: 120_000 }, async () => {
  const { page, context } = await open(browser);
  await signIn(page, "admin", "/contacts");
  await settled(page);
  await page.getByRole("button", { name: "Between two days" }).click();
  await page.getByRole("group", { name: "From", exact: true }).getByRole("spinbutton").first().click();
  await page.keyboard.type("01122026");
  await page.waitForURL(/from=(%22)?2026-12-01/);
  await page.getByRole("button", { name: "Until, open the calendar" }).click();
  const calendar = page.getByRole("dialog", { name: "Until, calendar" });
  await calendar.getByRole("button", { name: "Next month" }).click();
  await calendar.getByRole("button", { name: /\b28\b/ }).first().click();
  await page.waitForURL(/to=(%22)?\d/);
  expect(new URL(page.url()).searchParams.get("to")).toMatch(/-28"?$/);
  await page.getByRole("list", { name: "Filters" }).getByText(/ to /).waitFor();
  expect(await violations(page)).toEqual([]);
  // Backwards it is told, and nothing is searched for.
  await page.getByRole("group", { name: "Until", exact: true }).getByRole("spinbutton").first().click();
  await page.keyboard.type("01122020");
  await page.getByText("This is before the first day.").waitFor();
  expect(page.url()).not.toContain("2020");
  await context.close();
});

it("days of the calendar are 44 pixels for a finger, on the narrowest phone too", { timeout: 120_000 }, async () => {
  for (const width of [390, 360]) {
    const { page, context } = await open(browser, { width });
    await signIn(page, "admin", "/contacts/new");
    await settled(page);
    await page.getByRole("button", { name: "Date, open the calendar" }).click();
    const calendar = page.getByRole("dialog", { name: "Date, calendar" });
    await calendar.waitFor();
    const small = await calendar.locator("[role='button']:visible, button:visible").evaluateAll((all) => all.map((each) => each.getBoundingClientRect()).filter((box) => box.width < 43.5 || box.height < 43.5 || box.left < 0 || box.right > innerWidth).length);
    expect(small).toBe(0);
    await context.close();
  }
});
