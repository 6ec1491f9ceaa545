import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asUser, base, clockNow, dev, launch, open, settled, signIn, violations, type Look } from "./browser";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;

beforeAll(async () => {
  browser = await launch();
  ask = await asUser();
});
afterAll(() => browser.close());

async function signedIn(path: string, look: Look = {}): Promise<Page> {
  const { page } = await open(browser, { look });
  await signIn(page, "admin", path);
  await settled(page);
  return page;
}

const search = async (body: object): Promise<{ contacts: { id: string; name: string; appointment_time: string | null }[]; pagination: { total_contacts: number } }> =>
  (await (await ask("POST", "/api/contacts/search", { page_size: 100, ...body })).json()) as never;

describe("a list", () => {
  it("has numbered pages for those who want them, in the address too", async () => {
    const page = await signedIn("/contacts?sort=%5B%22name%22%5D", { pages: "10" });
    const names = (await search({ sort: ["name"] })).contacts.map((each) => each.name);
    const pager = page.getByRole("navigation", { name: "Pages" });
    await pager.getByText(/^1 to 10 of/).waitFor();
    await expect.poll(() => page.getByRole("row").count()).toBe(11);
    await pager.getByRole("button", { name: "Later" }).click();
    await pager.getByText(/^11 to 20 of/).waitFor();
    await page.getByRole("row", { name: new RegExp(names[10] ?? "") }).first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.reload();
    await pager.getByText(/^11 to 20 of/).waitFor();
    // Another filter is another list, and begins at its beginning.
    await page.getByRole("checkbox", { name: "Waiting" }).click({ force: true });
    await pager.getByText(/^1 to/).waitFor();
    await page.context().close();
  });

  it("has its filters as chips that are changed where they stand and go by Backspace", async () => {
    const page = await signedIn("/contacts?status=%5B%22pending%22%5D");
    const chip = page.getByRole("button", { name: /^Status\s+Waiting/ });
    await chip.focus();
    await page.keyboard.press("Enter");
    const editor = page.getByRole("dialog", { name: "Change the filter Status" });
    await editor.waitFor();
    expect(await violations(page)).toEqual([]);
    await editor.getByRole("checkbox", { name: "Confirmed" }).focus();
    await page.keyboard.press("Space");
    await page.waitForURL(/confirmed/);
    await page.keyboard.press("Escape");
    await editor.waitFor({ state: "detached" });
    await page.getByRole("button", { name: /^Status\s+Waiting or Confirmed/ }).focus();
    await page.keyboard.press("Backspace");
    await page.getByRole("list", { name: "Filters" }).waitFor({ state: "detached" });
    expect(page.url()).not.toContain("status");
    await page.context().close();
  });
});

describe("the day on paper", () => {
  it.each(["light", "dark"] as const)("is a list in black on white without the page around it, from the %s look", async (theme) => {
    const now = await clockNow();
    const soon = new Date(now.getTime() + 5 * 60_000);
    await ask("POST", "/api/contacts", { name: "Papera Printed", phone: "+441514960555", appointment_time: soon.toISOString().slice(0, 16), timezone: "UTC", owner_name: "Dr Ink", on_duplicate: "create_new" });
    const page = await signedIn("/today", { theme });
    await page.evaluate(() => {
      window.print = () => document.body.setAttribute("data-printed", String(Number(document.body.getAttribute("data-printed") ?? 0) + 1));
    });
    await page.getByRole("button", { name: "Print day list" }).click();
    await page.getByRole("dialog", { name: "Print the day list" }).getByRole("button", { name: "Print" }).click();
    await page.locator("body[data-printed='1']").waitFor();
    await page.emulateMedia({ media: "print" });
    const table = page.getByRole("table");
    await table.getByText("Papera P.").first().waitFor();
    await expect.poll(() => table.getByRole("columnheader").allTextContents()).toEqual(["Time", "Name", "With", "Status", "Came"]);
    await expect.poll(() => page.getByText("Contains personal data").isVisible()).toBe(true);
    await expect.poll(() => page.locator("nav:visible, header button:visible, h2:visible").count()).toBe(0);
    const look = await table.evaluate((each) => ({ color: getComputedStyle(each).color, background: getComputedStyle(document.body).backgroundColor }));
    expect(look.color).toBe("rgb(0, 0, 0)");
    expect(["rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"]).toContain(look.background);
    if (process.env.VIO_SHOTS) await page.screenshot({ path: `${process.env.VIO_SHOTS}/day-${theme}.png` });
    const pdf = await page.pdf({ format: "A4", ...(process.env.VIO_SHOTS && { path: `${process.env.VIO_SHOTS}/day-${theme}.pdf` }) });
    // One sheet for a short day; nothing of the page comes with it.
    expect(pdf.toString("latin1").match(/\/Type\s*\/Page[^s]/g)?.length).toBeLessThanOrEqual(2);
    await page.context().close();
  });

  it("has whole names and numbers where they are asked for, on A4 upright", async () => {
    const now = await clockNow();
    await ask("POST", "/api/contacts", { name: "Wholea Named", phone: "+441514960556", appointment_time: new Date(now.getTime() + 6 * 60_000).toISOString().slice(0, 16), timezone: "UTC", on_duplicate: "create_new" });
    const page = await signedIn("/today");
    await page.evaluate(() => {
      window.print = () => document.body.setAttribute("data-printed", "1");
    });
    await page.getByRole("button", { name: "Print day list" }).click();
    const asked = page.getByRole("dialog", { name: "Print the day list" });
    await asked.waitFor();
    expect(await violations(page)).toEqual([]);
    for (const each of ["Whole names", "Phone numbers"]) {
      await asked.getByRole("checkbox", { name: each }).focus();
      await page.keyboard.press("Space");
    }
    await asked.getByRole("button", { name: "Print" }).click();
    await page.locator("body[data-printed='1']").waitFor();
    await page.emulateMedia({ media: "print" });
    const row = page.getByRole("row").filter({ hasText: "Wholea Named" }).first();
    await row.waitFor();
    await expect.poll(() => row.textContent()).toContain("0151 496 0556");
    await expect.poll(() => page.getByText(/^Printed by .+, \w{3} \d+ \w{3,4}, \d+:\d\d[ap]m\. Contains personal data/).isVisible()).toBe(true);
    // As the page itself wants its paper: A4, upright.
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
    expect(/\/MediaBox\s*\[\s*0 0 (\d+)[\d.]* (\d+)/.exec(pdf)?.slice(1)).toEqual(["594", "841"]);
    await page.context().close();
  });
});

describe("any page on paper", () => {
  it("hides names and numbers by itself, unless this device is told otherwise", async () => {
    const made = (await (await ask("POST", "/api/contacts", { name: "Lyinga About", phone: "+441514960557", on_duplicate: "create_new" })).json()) as { id: string };
    const page = await signedIn(`/contacts/${made.id}`);
    const heading = page.getByRole("heading", { level: 1 });
    await page.getByText("0151 496 0557").first().waitFor();
    await page.emulateMedia({ media: "print" });
    await page.getByRole("heading", { level: 1, name: "Lyinga A." }).waitFor();
    await expect.poll(() => page.getByText("0151 496 0557").count()).toBe(0);
    await page.emulateMedia({ media: "screen" });
    await page.getByRole("heading", { level: 1, name: "Lyinga About" }).waitFor();
    // Before the print there is the event alone: the page is right when it is over.
    const during = await page.evaluate(() => {
      dispatchEvent(new Event("beforeprint"));
      const said = document.querySelector("h1")?.textContent;
      dispatchEvent(new Event("afterprint"));
      return said;
    });
    expect(during).toContain("Lyinga A.");
    await expect.poll(() => heading.textContent()).toContain("Lyinga About");
    await page.evaluate(() => localStorage.setItem("vio.screen", JSON.stringify({ paper: "shown" })));
    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Lyinga About" }).waitFor();
    await page.emulateMedia({ media: "print" });
    await page.waitForTimeout(200);
    await expect.poll(() => heading.textContent()).toContain("Lyinga About");
    await page.context().close();
  });
});

/** Presses Tab until the focus is where it is wanted: somebody without a mouse does no other thing. */
async function tabTo(page: Page, wanted: RegExp, most = 60): Promise<void> {
  for (let press = 0; press < most; press += 1) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const at = document.activeElement;
      const label = at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement ? at.labels?.[0]?.textContent : null;
      return [at?.getAttribute("aria-label"), label, at?.textContent].filter(Boolean).join(" ").trim();
    });
    if (wanted.test(name)) return;
  }
  throw new Error(`no ${String(wanted)} within ${String(most)} presses of Tab`);
}

it("the main work is done without a mouse: sign in, add somebody, be told of the reminder, see the confirmation, find them again", { timeout: 180_000 }, async () => {
  // A Monday in working hours.
  const next = await clockNow();
  while (next.getUTCDay() === 0 || next.getUTCDay() === 6 || next.getUTCHours() < 9 || next.getUTCHours() > 13) {
    next.setUTCMinutes(0, 0, 0);
    next.setUTCHours(next.getUTCHours() + 1);
  }
  if (next > (await clockNow())) await dev("clock", { now: next.toISOString() });
  await dev("sandbox/script", { default: { disconnection_reason: "user_hangup", appointment_action: "confirmed" } });
  const { page } = await open(browser);
  await page.goto(`${base()}/today`);
  await page.getByLabel("Email address").waitFor();
  // The first field has the focus already.
  await page.keyboard.type("admin@riverside.example");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Tidal-Heron-4-Lanterns");
  await page.keyboard.press("Enter");
  // The page of signing in has a heading too.
  await page.getByRole("navigation", { name: "Main" }).first().waitFor();
  await settled(page);

  const name = `Keya Board${["a", "b", "c", "d", "e", "f"][Math.floor(Math.random() * 6)] ?? ""}${["n", "r", "s", "t"][Math.floor(Math.random() * 4)] ?? ""}`;
  await page.keyboard.press("n");
  await page.getByRole("heading", { name: "Add patient" }).waitFor();
  await page.waitForTimeout(300);
  await page.keyboard.type(name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(`0151 496 0${String(100 + Math.floor(Math.random() * 900))}`);
  await tabTo(page, /day/i);
  const day = new Date((await clockNow()).getTime() + 86_400_000);
  await page.keyboard.type(`${String(day.getUTCDate()).padStart(2, "0")}${String(day.getUTCMonth() + 1).padStart(2, "0")}${String(day.getUTCFullYear())}`);
  await tabTo(page, /hour/i);
  await page.keyboard.type("1130a");
  await tabTo(page, /Tick all five/);
  await page.keyboard.press("Enter");
  await tabTo(page, /Notes, groups/);
  await page.keyboard.press("Shift+Tab");
  // Permission by keys: the list opens, the first letters choose.
  await page.getByRole("button", { name: /Agreed to reminder calls/ }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("Said");
  await page.keyboard.press("Enter");
  await tabTo(page, /^Save$/);
  await page.keyboard.press("Enter");
  await page.getByText(/Patient added\. Vio calls/).waitFor();
  await page.getByRole("heading", { level: 1, name }).waitFor();

  // Three hours later the reminder is due at the latest; the page learns of the answer without being loaded again.
  await dev("clock", { advance_seconds: 3 * 3600 });
  const confirmed = page.getByRole("main").getByText("Confirmed", { exact: true }).first();
  for (let minute = 0; minute < 20 && !(await confirmed.isVisible()); minute += 1) {
    await dev("clock", { advance_seconds: 60 });
    await page.waitForTimeout(2_000);
  }
  await confirmed.waitFor({ timeout: 20_000 });
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type(name);
  await page.getByRole("menuitem", { name: new RegExp(name) }).first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await expect.poll(() => page.getByText("Confirmed").first().isVisible()).toBe(true);
  await page.context().close();
});
