import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, launch, open, settled, signIn, violations } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it.each([390, 820])("that calling is paused is in sight at %d px, over nothing, and whoever may resumes it there", async (width) => {
  const ask = await asUser();
  const made = (await (await ask("POST", "/api/contacts", { name: "Stripa Below", phone: "+441514960558", on_duplicate: "create_new" })).json()) as { id: string };
  expect((await ask("POST", "/api/calls/pause", {})).status).toBe(200);
  try {
    const { context, page } = await open(browser, { width });
    await signIn(page, "admin", `/contacts/${made.id}`);
    await settled(page);
    const strip = page.getByRole("region", { name: "Calling is paused" });
    await strip.getByText("Calling is paused").waitFor();
    const box = async (of: typeof strip) => (await of.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    const here = await box(strip);
    expect(here.x).toBeGreaterThanOrEqual(0);
    expect(here.x + here.width).toBeLessThanOrEqual(width);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    // Not a letter of it is cut.
    expect(await strip.getByText("Calling is paused").evaluate((each) => each.scrollWidth - each.clientWidth)).toBe(0);
    if (width < 768) {
      await strip.getByText(/^(Live|4 s|…|Offline)$/).last().waitFor();
      const tabs = await box(page.getByRole("navigation", { name: "Main" }));
      expect(here.y + here.height).toBeLessThanOrEqual(tabs.y + 2);
      const call = await box(page.getByRole("button", { name: "Call now" }));
      expect(call.y + call.height).toBeLessThanOrEqual(here.y + 2);
    }
    expect(await violations(page)).toEqual([]);
    if (process.env.VIO_SHOTS) await page.screenshot({ path: `${process.env.VIO_SHOTS}/paused-record-${String(width)}.png` });
    await page.goto(new URL("/today", page.url()).href);
    await strip.getByText("Calling is paused").waitFor();
    await settled(page);
    if (process.env.VIO_SHOTS) await page.screenshot({ path: `${process.env.VIO_SHOTS}/paused-today-${String(width)}.png` });
    await strip.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("alertdialog", { name: "Resume calling?" }).getByRole("button", { name: "Resume calling" }).click();
    await strip.waitFor({ state: "detached" });
    await context.close();
  } finally {
    await ask("POST", "/api/calls/resume", {});
  }
});

it("beside the whole menu too, nothing about the pause is cut", async () => {
  const ask = await asUser();
  expect((await ask("POST", "/api/calls/pause", {})).status).toBe(200);
  try {
    const { context, page } = await open(browser, { width: 1440 });
    await signIn(page, "admin", "/groups");
    const meter = page.getByRole("region", { name: "Calling", exact: true });
    await meter.getByText("Calling is paused").waitFor();
    const wide = await meter.evaluate((each) => [each, ...each.querySelectorAll("*")].map((one) => one.getBoundingClientRect().right).reduce((most, right) => Math.max(most, right), 0) - each.getBoundingClientRect().right);
    expect(wide).toBeLessThanOrEqual(0);
    expect(await violations(page)).toEqual([]);
    await context.close();
  } finally {
    await ask("POST", "/api/calls/resume", {});
  }
});
