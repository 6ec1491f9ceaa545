import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PASSWORD, asUser, base, launch, open, settled, signIn, violations } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await (await asUser())("PATCH", "/api/users/preferences", { real_time_updates: true, sidebar_behavior: "auto_collapse", default_contact_view: "list", default_dashboard_view: "overview" });
  await browser.close();
});

/** Signs in without changing what the account prefers. */
async function enter(page: Page): Promise<void> {
  await page.goto(base());
  await page.getByLabel("Email address").fill("admin@riverside.example");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).first().waitFor();
}

const choose = (page: Page, group: string, name: string) => page.getByRole("radiogroup", { name: group }).getByRole("radio", { name, exact: true }).click();

it("what somebody prefers acts at once, and in another browser too", { timeout: 180_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "admin", "/account/look");
  await settled(page);
  const side = page.getByRole("complementary", { name: "Menu and calling" });
  const wide = (await side.boundingBox())?.width ?? 0;
  const kept = page.waitForResponse((answer) => answer.url().endsWith("/api/users/preferences") && answer.request().method() === "PATCH" && answer.ok());
  await choose(page, "Menu", "Icons");
  await choose(page, "List of patients", "List");
  await choose(page, "After signing in", "Patients");
  await choose(page, "Changes of others appear", "When I ask");
  expect((await side.boundingBox())?.width).toBeLessThan(wide / 2);
  expect(await violations(page)).toEqual([]);
  await kept;
  await page.waitForTimeout(1_200);

  const other = (await open(browser)).page;
  await enter(other);
  await other.waitForURL(/\/contacts/);
  await settled(other);
  expect((await other.getByRole("complementary", { name: "Menu and calling" }).boundingBox())?.width).toBeLessThan(wide / 2);
  await expect.poll(() => other.getByRole("radio", { name: "List", exact: true }).isChecked()).toBe(true);
  expect(await violations(other)).toEqual([]);

  // Nothing comes by itself; pressing the button brings it.
  const ask = await asUser();
  const shown = other.getByRole("main").getByText("in total").first();
  const before = await shown.textContent();
  const made = await ask("POST", "/api/contacts", { name: "Una Unasked", phone: `+44151496${String(Math.floor(Math.random() * 9000) + 1000)}`, on_duplicate: "create_new" });
  expect(made.status).toBe(201);
  await other.waitForTimeout(7_000);
  await expect.poll(() => shown.textContent()).toBe(before);
  await other.getByRole("button", { name: "Update", exact: true }).click();
  await other.waitForFunction((text) => !document.querySelector("main")?.textContent.includes(text ?? "-"), before);

  // Whatever the address says outweighs it.
  await other.goto(`${base()}/contacts?view=%22table%22`);
  await other.getByRole("grid").first().waitFor();
  await page.context().close();
  await other.context().close();
});
