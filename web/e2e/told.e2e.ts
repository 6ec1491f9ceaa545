import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, clockNow, dev, launch, letters, open, settled, signIn, violations, workingHours } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await (await asUser("reception"))("PATCH", "/api/settings/notifications", { sms_notifications: { enable_sms: false }, in_app_notifications: { notification_position: "top_right", notification_duration: 5 } });
  await browser.close();
});

/** The number in one's profile, or none. */
async function phoneOfReception(number: string | null): Promise<void> {
  const ask = await asUser("reception");
  const etag = (await ask("GET", "/api/users/profile")).headers.get("etag") ?? "";
  const answer = await ask("PATCH", "/api/users/profile", { phone_number: number }, { "if-match": etag });
  expect(answer.status, await answer.text()).toBe(200);
}

const ALERTS = ["Calling stops, or a calendar fails", "Many calls fail", "The day's calls or messages are nearly used up"];

it("alerts by text message cannot be switched on without a number, say why, and can with one", { timeout: 180_000 }, async () => {
  await phoneOfReception(null);
  const { page } = await open(browser);
  await signIn(page, "reception", "/account/notifications");
  await settled(page);
  const alerts = page.getByRole("switch", { name: "Alerts by text message" });
  const described = async () => {
    const ids = (await alerts.getAttribute("aria-describedby"))?.split(" ") ?? [];
    return (await Promise.all(ids.map((id) => page.evaluate((each) => document.getElementById(each)?.textContent ?? "", id)))).join(" ");
  };
  await expect.poll(() => alerts.isDisabled()).toBe(true);
  await expect.poll(() => alerts.isChecked()).toBe(false);
  expect(await described()).toContain("Needs a phone number.");
  for (const name of ALERTS) await expect.poll(() => page.getByRole("switch", { name }).isDisabled(), { message: name }).toBe(true);
  expect(await violations(page)).toEqual([]);
  // The reason leads to where it is mended, and back it is mended at once.
  await page.getByRole("link", { name: "Enter yours in your profile" }).click();
  await page.getByRole("textbox", { name: "Phone" }).fill("0151 496 0888");
  await page.getByText(/Saved \d/).waitFor();
  await page.getByRole("navigation", { name: "Your account" }).getByRole("link", { name: "Notifications" }).click();
  await page.waitForFunction(() => !document.body.textContent.includes("Needs a phone number"));
  await expect.poll(() => alerts.isDisabled()).toBe(false);
  await alerts.click({ force: true });
  await page.getByText(/Saved \d/).waitFor();
  for (const name of ALERTS) await expect.poll(() => page.getByRole("switch", { name }).isDisabled(), { message: name }).toBe(false);
  const kept = (await (await (await asUser("reception"))("GET", "/api/settings/notifications")).json()) as { sms_notifications: { enable_sms: boolean } };
  expect(kept.sms_notifications.enable_sms).toBe(true);
  await page.context().close();
});

it("whose number is taken away again is told so, without a reload", { timeout: 120_000 }, async () => {
  await phoneOfReception("+441514960888");
  const { page } = await open(browser);
  await signIn(page, "reception", "/account/profile");
  await settled(page);
  await page.getByRole("textbox", { name: "Phone" }).fill("");
  await page.getByText(/Saved \d/).waitFor();
  await page.getByRole("navigation", { name: "Your account" }).getByRole("link", { name: "Notifications" }).click();
  await page.getByText("Needs a phone number.").waitFor();
  await expect.poll(() => page.getByRole("switch", { name: "Alerts by text message" }).isDisabled()).toBe(true);
  await page.context().close();
});

/** A call that fails, so that everybody who wants to is told of it. */
async function failedCall(page: Page): Promise<void> {
  await dev("sandbox/script", { default: { disconnection_reason: "invalid_destination" } });
  const ask = await asUser();
  const soon = new Date((await clockNow()).getTime() + 3 * 86_400_000).toISOString().slice(0, 10);
  const made = await ask("POST", "/api/contacts", {
    name: `Tolda ${letters()}`,
    phone: `+44161496${String(Math.floor(Math.random() * 1000)).padStart(4, "0")}`,
    appointment_time: `${soon}T10:30`,
    voice_consent: { method: "verbal" },
    hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true },
    on_duplicate: "create_new",
  });
  expect(made.status, await made.clone().text()).toBe(201);
  const called = await ask("POST", `/api/contacts/${((await made.json()) as { id: string }).id}/call-now`, {});
  expect(called.ok, await called.clone().text()).toBe(true);
  const message = page.getByRole("region", { name: "Messages of the page" }).getByRole("button", { name: "Close message" }).first();
  // It rings for three seconds, which need not be waited for.
  for (let tries = 0; tries < 120 && (await message.count()) === 0; tries += 1) {
    if (tries % 4 === 1) await dev("clock", { advance_seconds: 10 });
    await new Promise((done) => setTimeout(done, 250));
  }
  await message.waitFor();
}

it("messages of the console appear in the corner that was chosen, for as long as was chosen", { timeout: 240_000 }, async () => {
  await workingHours();
  const { page } = await open(browser);
  // The page's time is its own from here, so that ten seconds need not be waited for.
  await page.clock.install();
  await signIn(page, "reception", "/account/notifications");
  await settled(page);
  const choose = async (field: string, option: string) => {
    await page.getByRole("button", { name: new RegExp(field) }).click();
    await page.getByRole("option", { name: option }).click();
  };
  const message = page.getByRole("region", { name: "Messages of the page" }).filter({ has: page.getByRole("button", { name: "Close message" }) });
  const gone = () => message.waitFor({ state: "detached", timeout: 30_000 });
  for (const [corner, left, top, words, seconds] of [
    ["Bottom left", true, false, "10 seconds", 10],
    ["Top right", false, true, "3 seconds", 3],
    ["Top left", true, true, "Until you close them", 0],
  ] as const) {
    await choose("Where they appear", corner);
    await choose("For how long", words);
    await page.getByText(/Saved \d/).waitFor();
    await failedCall(page);
    const box = await message.boundingBox();
    expect({ corner, left: (box?.x ?? 0) < 400, top: (box?.y ?? 0) < 300 }).toEqual({ corner, left, top });
    if (seconds > 0) {
      // It stood there for less than a second and a half before it was seen.
      await page.clock.runFor((seconds - 1.5) * 1_000);
      await expect.poll(() => message.count(), { message: words }).toBe(1);
      await page.clock.runFor(1_600);
      // Another may have come a little later, never one that goes earlier.
      if ((await message.count()) > 0) await page.clock.runFor(3_000);
      await gone();
    } else {
      await page.clock.runFor(60_000);
      await expect.poll(() => message.count()).toBe(1);
      for (let left_ = await message.getByRole("button").count(); left_ > 0; left_ -= 1) await message.getByRole("button").first().click();
      await gone();
    }
  }
  await page.context().close();
});
