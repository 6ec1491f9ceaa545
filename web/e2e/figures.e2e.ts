import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, clockNow, dev, launch, letters, open, settled, signIn, violations, workingHours } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  await workingHours();
});
afterAll(async () => {
  await dev("sandbox/script", { default: { disconnection_reason: "user_hangup", appointment_action: "confirmed" } });
  await browser.close();
});

const confirmed = { disconnection_reason: "user_hangup", appointment_action: "confirmed" };
/** How the calls to six people end: four answer, three of them confirm. */
const ENDS: object[] = [confirmed, confirmed, confirmed, { disconnection_reason: "user_hangup" }, { disconnection_reason: "dial_no_answer" }, { disconnection_reason: "dial_no_answer" }];

interface Status {
  status: string;
  counts: { planned: number; placing: number };
}

it("a group's figures are those of the calls that were made, and can be hidden", { timeout: 240_000 }, async () => {
  const ask = await asUser();
  const first = 100 + Math.floor(Math.random() * 800) * 10;
  const day = new Date((await clockNow()).getTime() + 6 * 86_400_000).toISOString().slice(0, 10);
  const script: Record<string, object> = {};
  const ids: string[] = [];
  for (const [place, end] of ENDS.entries()) {
    const phone = `+44161496${String(first + place).padStart(4, "0")}`;
    script[phone] = end;
    const made = await ask("POST", "/api/contacts", {
      name: `Figura ${letters()}`,
      phone,
      appointment_time: `${day}T11:00`,
      voice_consent: { method: "verbal" },
      hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true },
      on_duplicate: "create_new",
    });
    expect(made.status, await made.clone().text()).toBe(201);
    ids.push(((await made.json()) as { id: string }).id);
  }
  await dev("sandbox/script", { by_number: script, default: confirmed });
  const name = `Counted ${letters()}`;
  const group = (await (await ask("POST", "/api/groups", { name, initial_contact_ids: ids })).json()) as { id: string };
  const called = await ask("POST", `/api/groups/${group.id}/call-all`, { call_timing: "immediate" });
  expect(called.status, await called.clone().text()).toBe(202);
  const { campaign_id: campaign } = (await called.json()) as { campaign_id: string };
  let calls = 0;
  for (let step = 0; step < 60 && calls < ENDS.length; step += 1) {
    await new Promise((done) => setTimeout(done, 1_000));
    await dev("clock", { advance_seconds: 30 });
    const list = (await (await ask("GET", `/api/groups/${group.id}/analytics`)).json()) as { figures?: { performance_metrics: { total_calls: number } } };
    calls = list.figures?.performance_metrics.total_calls ?? 0;
  }
  const status = (await (await ask("GET", `/api/groups/campaigns/${campaign}/status`)).json()) as Status;
  expect(calls, JSON.stringify(status)).toBe(ENDS.length);

  const { page } = await open(browser);
  await signIn(page, "admin", `/groups/${group.id}/analytics`);
  await settled(page);
  const main = page.getByRole("main");
  await main.getByText("4 of 6 calls").waitFor();
  await main.getByText("67%").first().waitFor();
  await main.getByText("3 of 4 answered").waitFor();
  await main.getByText("75%").first().waitFor();
  await main.getByText("6 of 6").first().waitFor();
  await main.getByText("Under 20 calls").waitFor();
  await expect.poll(() => main.getByRole("img", { name: "How calls ended: Answered 4, No answer 2" }).count()).toBe(1);
  expect(await violations(page)).toEqual([]);

  // The calls are among what happened with the group, and lead to what came of them.
  await page.getByRole("link", { name: "Activity" }).click();
  const run = main.getByRole("listitem").filter({ has: page.getByRole("link", { name: "Everybody called" }) });
  await run.getByText(/^6 patients/).waitFor();
  await main.getByText("6 patients put in").waitFor();
  expect(await violations(page)).toEqual([]);
  await run.getByRole("link").click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
  // The campaign divides its people by what they decided, and lists those asked for.
  await main.getByRole("img", { name: "3 confirmed, 1 undecided, 2 not reached" }).waitFor();
  const results = main.getByRole("listitem").filter({ has: page.getByRole("link", { name: /^Figura/ }) });
  await results.nth(5).waitFor();
  await main.getByRole("radio", { name: /^Not reached\s*2$/ }).click();
  await results.nth(2).waitFor({ state: "detached" });
  await results.getByText("No answer").nth(1).waitFor();
  await expect.poll(() => results.count()).toBe(2);
  await main.getByRole("radio", { name: /^Undecided\s*1$/ }).click();
  await results.getByText(/, spoke /).waitFor();
  await expect.poll(() => results.count()).toBe(1);
  await main.getByRole("button", { name: /^As a table\s*: Pace$/ }).click();
  const quarters = await main.getByRole("table", { name: "Pace" }).locator("tbody td:first-of-type").allTextContents();
  expect(quarters.reduce((sum, each) => sum + Number(each), 0)).toBe(6);
  expect(await violations(page)).toEqual([]);

  // What somebody does not want to see is absent, in another browser too.
  await page.goto(new URL("/account/look", page.url()).toString());
  const kept = page.waitForResponse((answer) => answer.url().endsWith("/api/users/preferences") && answer.request().method() === "PATCH" && answer.ok());
  for (const each of ["How many calls were answered and confirmed, in percent", "How calls and confirmations went over time"]) await page.getByRole("switch", { name: each }).click({ force: true });
  await kept;
  await page.waitForTimeout(1_000);
  const preferences = (await (await ask("GET", "/api/users/preferences")).json()) as Record<string, unknown>;
  expect(preferences).toMatchObject({ show_call_success_rates: false, show_appointment_trends: false, show_contact_growth: true });
  await page.evaluate(() => localStorage.removeItem("vio.look"));
  await page.goto(new URL(`/groups/${group.id}/analytics`, page.url()).toString());
  await main.getByText("How calls ended").first().waitFor();
  await settled(page);
  await page.waitForFunction(() => !document.querySelector("main")?.textContent.includes("4 of 6 calls"));
  await expect.poll(() => main.getByText("67%").count()).toBe(0);
  await expect.poll(() => main.getByRole("heading", { name: /^Calls in the last/ }).count()).toBe(0);
  expect(await violations(page)).toEqual([]);
  await ask("PATCH", "/api/users/preferences", { show_call_success_rates: true, show_appointment_trends: true });
  await page.context().close();
});
