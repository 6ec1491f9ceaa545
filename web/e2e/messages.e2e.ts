import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { base, launch, letters, open, settled, signIn, violations } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function enter(page: Page, email: string): Promise<void> {
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password").fill("Not-The-Password-1");
  await page.getByRole("button", { name: "Sign in" }).click();
}

// S0's five messages, each as somebody meets it.

it("what was saved is said, and what is wrong with a field stands at the field", { timeout: 120_000 }, async () => {
  const name = `Sade ${letters()}`;
  const { page } = await open(browser);
  await signIn(page, "reception", "/contacts/new");
  await page.getByLabel("Name", { exact: true }).fill(name);
  const phone = page.getByLabel("Phone", { exact: true });
  await phone.fill("123");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const described = async () => {
    const ids = (await phone.getAttribute("aria-describedby"))?.split(" ") ?? [];
    return Promise.all(ids.map((id) => page.evaluate((each) => document.getElementById(each)?.textContent ?? "", id)));
  };
  await page.waitForFunction(() => document.querySelector("[aria-invalid='true']") !== null);
  expect((await described()).join(" ")).toMatch(/number/i);
  expect(await violations(page)).toEqual([]);
  await phone.fill(`0151 496 ${String(Math.floor(Math.random() * 9000) + 1000)}`);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor({ timeout: 20_000 });
  await page.context().close();
});

it("what somebody may not do is said with whom to ask, also where its address is typed", { timeout: 120_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "readonly", "/contacts/new");
  await settled(page);
  await page.getByRole("main").getByText(/administrator/i).first().waitFor();
  await expect.poll(() => page.getByRole("button", { name: "Save", exact: true }).count()).toBe(0);
  await page.context().close();
});

it("too many tries say in how many minutes to try again", { timeout: 120_000 }, async () => {
  const email = `nobody.${letters()}@riverside.example`;
  const { page } = await open(browser);
  await page.goto(base());
  const locked = page.getByRole("alert").filter({ hasText: "Too many tries." });
  for (let tries = 0; tries < 12 && (await locked.count()) === 0; tries += 1) {
    await enter(page, email);
    await page.getByRole("alert").first().waitFor();
    await page.waitForTimeout(1_000);
  }
  await locked.getByText(/Try again in \d+ (second|minute)s?\./).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.context().close();
});

it("a fault of ours says so, with a number for support, and is over with the next try", { timeout: 120_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "admin", "/today");
  await settled(page);
  // The way to the server breaks, as where it is being restarted; what answers afterwards is the server.
  const instance = "urn:uuid:0192f0c1-2b3c-7def-8abc-0123456789ab";
  const broken = { type: "https://vioconcierge.dev/problems/internal", title: "Something went wrong on our side", status: 500, detail: "Something went wrong on our side. Please try again; if it stays, tell support the request number.", instance };
  const groups = /\/api\/groups(\?|$)/;
  await page.route(groups, (route) => route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify(broken) }));
  await page.goto(`${base()}/groups`);
  const note = page.getByRole("alert").filter({ hasText: "Something went wrong on our side" }).first();
  await note.waitFor({ timeout: 30_000 });
  await note.getByText("Reference 0192f0c1-2b3c-7def-8abc-0123456789ab").waitFor();
  expect(await violations(page)).toEqual([]);
  // The page tries by itself every fifteen seconds: from its start again, the button is the first to.
  await page.reload();
  await note.waitFor({ timeout: 30_000 });
  await page.unroute(groups);
  await note.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("alert").filter({ hasText: "Something went wrong on our side" }).first().waitFor({ state: "detached" });
  await page.context().close();
});
