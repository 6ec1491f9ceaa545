import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { asUser, launch, open, settled, signIn, violations } from "./browser";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;

beforeAll(async () => {
  browser = await launch();
  ask = await asUser();
});
afterAll(() => browser.close());

async function signedIn(who: "admin" | "reception", path: string): Promise<Page> {
  const { page } = await open(browser);
  await signIn(page, who, path);
  await settled(page);
  return page;
}

it("settings save themselves two seconds after the last change and say so", async () => {
  const page = await signedIn("admin", "/settings/calls");
  const before = (await (await ask("GET", "/api/settings/calls")).json()) as { customer_feedback: boolean };
  await page.getByRole("switch", { name: /Ask how content/ }).click({ force: true });
  await page.getByText("Changed, saves by itself").waitFor();
  // At the field itself too, and at no other.
  const field = page.locator("div").filter({ has: page.getByRole("switch", { name: /Ask how content/ }) }).last();
  await field.getByText("Changed", { exact: true }).waitFor();
  await page.getByText(/Saved \d/).waitFor();
  await field.getByText("Saved", { exact: true }).waitFor();
  await expect.poll(() => page.getByText("Saved", { exact: true }).count()).toBe(1);
  await expect.poll(() => page.getByText("Changed", { exact: true }).count()).toBe(0);
  expect(await violations(page)).toEqual([]);
  const after = (await (await ask("GET", "/api/settings/calls")).json()) as { customer_feedback: boolean };
  expect(after.customer_feedback).toBe(!before.customer_feedback);
  await page.context().close();
});

it("settings that are changed while a save is on its way are saved after it, and no colleague is made up", async () => {
  const page = await signedIn("admin", "/settings/calls");
  const read = async () => (await (await ask("GET", "/api/settings/calls")).json()) as { customer_feedback: boolean; custom_timing_allowed: boolean };
  const before = await read();
  onTestFinished(async () => {
    await ask("PATCH", "/api/settings/calls", { customer_feedback: before.customer_feedback, custom_timing_allowed: before.custom_timing_allowed });
  });
  const answered: number[] = [];
  await page.route("**/api/settings/calls", async (route) => {
    if (route.request().method() !== "PATCH") return route.continue();
    await new Promise((done) => setTimeout(done, answered.length === 0 ? 4_000 : 0));
    const answer = await route.fetch();
    answered.push(answer.status());
    await route.fulfill({ response: answer });
  });
  const sent = page.waitForRequest((request) => request.method() === "PATCH");
  await page.getByRole("switch", { name: /Ask how content/ }).click({ force: true });
  await sent;
  await page.getByRole("switch", { name: /Staff may choose another time/ }).click({ force: true });
  await expect.poll(() => answered, { timeout: 15_000 }).toEqual([200, 200]);
  await page.getByText(/Saved \d/).waitFor();
  await expect.poll(() => page.getByText("A colleague changed these settings").count()).toBe(0);
  expect(await read()).toMatchObject({ customer_feedback: !before.customer_feedback, custom_timing_allowed: !before.custom_timing_allowed });
  await page.context().close();
});

it("settings say in the menu and in their list that a connection needs somebody, until it does not", async () => {
  const read = async () => {
    const answer = await ask("GET", "/api/settings/integrations");
    return { etag: answer.headers.get("etag") ?? "", value: (await answer.json()) as { calendly: { enabled: boolean } } };
  };
  const before = (await read()).value.calendly.enabled;
  const enabled = async (on: boolean) => expect((await ask("PATCH", "/api/settings/integrations", { calendly: { enabled: on } }, { "if-match": (await read()).etag })).status).toBe(200);
  // Without it nobody is called, so that whatever fails here would fail elsewhere too.
  onTestFinished(() => enabled(before));
  // Wanted, and nothing of it entered.
  await enabled(true);
  const page = await signedIn("admin", "/today");
  const menu = page.getByRole("navigation", { name: "Main" }).first();
  await menu.getByRole("link", { name: /^Settings needs attention: .*Calendly/ }).click();
  const list = page.getByRole("navigation", { name: "Settings" });
  await list.getByRole("link", { name: /^Integrations needs attention/ }).click();
  for (const [width, theme] of process.env.VIO_SHOTS ? ([[1440, "light"], [820, "dark"], [390, "light"], [1440, "high"]] as const) : []) {
    await page.setViewportSize({ width, height: 900 });
    await page.evaluate((name) => document.documentElement.setAttribute("data-theme", name), theme);
    await page.screenshot({ path: `${process.env.VIO_SHOTS ?? ""}/problem-${String(width)}-${theme}.png` });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  expect(await violations(page)).toEqual([]);
  const panel = page.locator("section").filter({ has: page.getByRole("heading", { name: /Calendly/ }) }).last();
  await panel.getByRole("switch").first().click({ force: true });
  await panel.getByRole("button", { name: "Save", exact: true }).click();
  await page.waitForFunction(() => !document.querySelector("nav")?.textContent.includes("Calendly"));
  await page.context().close();
  // Nobody is sent to what they may not change.
  await enabled(true);
  const desk = await signedIn("reception", "/today");
  await expect.poll(() => desk.getByRole("navigation", { name: "Main" }).first().getByRole("link", { name: /needs attention/ }).count()).toBe(0);
  await desk.context().close();
});

it("settings say what is refused where it was asked for, and keep saying it", async () => {
  const page = await signedIn("admin", "/settings/lists");
  const form = page.locator("form").filter({ has: page.getByRole("textbox", { name: "New type" }) });
  await form.getByRole("textbox", { name: "New type" }).fill("Check-up");
  await form.getByRole("button", { name: "Add" }).click();
  await form.getByText("This type is listed twice.").waitFor();
  if (process.env.VIO_SHOTS) await page.screenshot({ path: `${process.env.VIO_SHOTS}/refused-at-the-form.png` });
  // Of two who remove the same place, the second is told at its row.
  const made = (await (await ask("POST", "/api/locations", { name: `Annexe ${String(Date.now())}` })).json()) as { id: string; name: string };
  await page.getByRole("link", { name: "Locations" }).click();
  await page.getByText(made.name).waitFor();
  const seen = await (await ask("GET", "/api/locations")).text();
  await page.route("**/api/locations", (route) => (route.request().method() === "GET" ? route.fulfill({ contentType: "application/json", body: seen }) : route.continue()));
  expect((await ask("DELETE", `/api/locations/${made.id}`)).status).toBe(204);
  await page.getByRole("button", { name: `Remove ${made.name}` }).click();
  const row = page.getByRole("listitem").filter({ hasText: made.name });
  await row.getByRole("alert").getByText("Not removed.").waitFor();
  if (process.env.VIO_SHOTS) await page.screenshot({ path: `${process.env.VIO_SHOTS}/refused-at-its-row.png` });
  await page.waitForTimeout(6_000);
  await expect.poll(() => row.getByRole("alert").count()).toBe(1);
  await row.getByRole("button", { name: "Close message" }).click();
  await expect.poll(() => row.getByRole("alert").count()).toBe(0);
  await page.context().close();
});

it("settings changed by two at once are both kept: what a colleague saved is shown with one's own over it", async () => {
  const page = await signedIn("admin", "/settings/calls");
  const read = async () => (await (await ask("GET", "/api/settings/calls")).json()) as { customer_feedback: boolean; custom_timing_allowed: boolean };
  const before = await read();
  await page.getByRole("switch", { name: /Ask how content/ }).click({ force: true });
  // Of what happens to the settings the page is not told, so that it saves under the version it read.
  expect((await ask("PATCH", "/api/settings/calls", { custom_timing_allowed: !before.custom_timing_allowed })).status).toBe(200);
  await page.getByText("A colleague changed these settings a moment ago").waitFor();
  expect((await read()).customer_feedback).toBe(before.customer_feedback);
  await page.getByRole("button", { name: "Save mine" }).click();
  await page.getByText(/Saved \d/).waitFor();
  expect(await read()).toMatchObject({ customer_feedback: !before.customer_feedback, custom_timing_allowed: !before.custom_timing_allowed });
  await ask("PATCH", "/api/settings/calls", { custom_timing_allowed: before.custom_timing_allowed });
  await page.context().close();
});
