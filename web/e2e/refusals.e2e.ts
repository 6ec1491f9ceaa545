import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, clockNow, dev, launch, letters, open, settled, signIn, violations, workingHours } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  await workingHours();
});
afterAll(() => browser.close());

const phone = (): string => `+44161496${String(Math.floor(Math.random() * 1000)).padStart(4, "0")}`;

const CONSENT = { voice_consent: { method: "verbal" }, hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true } };

async function somebody(more: object = {}): Promise<{ id: string; phone: string }> {
  const ask = await asUser();
  const day = new Date((await clockNow()).getTime() + 3 * 86_400_000).toISOString().slice(0, 10);
  const number = phone();
  const made = await ask("POST", "/api/contacts", { name: `Refusa ${letters()}`, phone: number, appointment_time: `${day}T10:30`, ...CONSENT, on_duplicate: "create_new", ...more });
  expect(made.status, await made.clone().text()).toBe(201);
  return { id: ((await made.json()) as { id: string }).id, phone: number };
}

/** Presses *Call now* on somebody's page, and reads what the refusal says and offers. */
async function refused(id: string, who: "admin" | "reception" = "admin"): Promise<{ page: Page; title: string; offers: string[] }> {
  const { page } = await open(browser);
  await signIn(page, who, `/contacts/${id}`);
  await settled(page);
  await page.getByRole("button", { name: "Call now" }).click();
  const panel = page.locator("section").filter({ has: page.locator("h2:focus") });
  await panel.waitFor();
  expect(await violations(page)).toEqual([]);
  if (process.env.VIO_SHOTS) await page.screenshot({ path: `${process.env.VIO_SHOTS}/refusal-${((await panel.locator("h2").textContent()) ?? "").toLowerCase().replace(/\W+/g, "-")}-${who}.png` });
  return { page, title: (await panel.locator("h2").textContent()) ?? "", offers: (await panel.getByRole("listitem").getByRole("button").allTextContents()).map((each) => each.trim()) };
}

it("a paused business says so to who may resume it and to who may not", { timeout: 180_000 }, async () => {
  const { id } = await somebody();
  const ask = await asUser();
  expect((await ask("POST", "/api/calls/pause", {})).status).toBe(200);
  try {
    const { page, title, offers } = await refused(id);
    expect(title).toBe("Calling is paused");
    await page.getByText(/^(?!Somebody).+ paused it (just now|\d+ min ago|at \d)/).waitFor();
    expect(offers).toEqual(["Resume calling", "Ring"]);
    await page.getByRole("listitem").getByRole("button", { name: "Resume calling" }).click();
    await page.getByRole("dialog").or(page.getByRole("alertdialog")).first().waitFor();
    await page.context().close();
  } finally {
    await ask("POST", "/api/calls/resume", {});
  }
});

it("a number on the do-not-call list, somebody not to be contacted, and somebody who has not agreed each have their own way on", { timeout: 240_000 }, async () => {
  const ask = await asUser();
  const listed = await somebody();
  expect((await ask("POST", "/api/dnc", { phone: listed.phone, reason: "Asked us to stop" })).status).toBe(201);
  const first = await refused(listed.id);
  expect([first.title, first.offers]).toEqual(["Not called: the number is on your do-not-call list", ["Open its entry"]]);
  await first.page.getByText(/^Added .*: “Asked us to stop”$/).waitFor();
  await first.page.getByRole("button", { name: "Open its entry" }).click();
  await first.page.getByRole("list", { name: "The number you looked for" }).getByText("“Asked us to stop”").waitFor();
  expect(first.page.url()).not.toContain(listed.phone.slice(-6));
  expect(await violations(first.page)).toEqual([]);
  await first.page.getByRole("searchbox", { name: "Find a number" }).fill("0113 496 0001");
  await first.page.getByText("Not on the list. Vio may call it.").waitFor();
  await first.page.context().close();

  const silent = await somebody({ do_not_contact: true });
  const second = await refused(silent.id);
  expect([second.title, second.offers]).toEqual(["Not called: marked do not contact", ["Open the record"]]);
  await second.page.getByRole("button", { name: "Open the record" }).click();
  await second.page.getByRole("dialog").getByRole("switch", { name: "Do not contact" }).waitFor({ state: "attached" });
  await second.page.context().close();

  const asked = await somebody({ voice_consent: undefined, hipaa_checklist: undefined });
  const before = (await (await ask("GET", "/api/settings/privacy")).json()) as { require_voice_consent?: boolean };
  const third = await refused(asked.id);
  expect(before.require_voice_consent).not.toBe(false);
  expect([third.title, third.offers]).toEqual(["Not called: consent is not recorded", ["Record consent", "Ring"]]);
  await third.page.context().close();
});

/** Lets calls go on until somebody's has ended, by the minute. */
async function ended(id: string): Promise<void> {
  const ask = await asUser();
  const over = async () => {
    const { calls } = (await (await ask("GET", `/api/contacts/${id}/calls`)).json()) as { calls: { ended_at?: string | null }[] };
    return calls.some((each) => each.ended_at);
  };
  for (let step = 0; step < 40 && !(await over()); step += 1) {
    await dev("clock", { advance_seconds: 20 });
    await new Promise((done) => setTimeout(done, 250));
  }
  expect(await over()).toBe(true);
}

async function called(id: string): Promise<void> {
  const answer = await (await asUser())("POST", `/api/contacts/${id}/call-now`, {});
  expect(answer.ok, await answer.clone().text()).toBe(true);
  await ended(id);
}

it("somebody whose tries are used up is rung by hand, and the checks behind a link say how many were made", { timeout: 240_000 }, async () => {
  await workingHours();
  const ask = await asUser();
  const before = (await (await ask("GET", "/api/settings/calls")).json()) as { maximum_retry_attempts: number };
  await dev("sandbox/script", { default: { disconnection_reason: "dial_no_answer" } });
  expect((await ask("PATCH", "/api/settings/calls", { maximum_retry_attempts: 0 })).status).toBe(200);
  try {
    const { id } = await somebody();
    await called(id);
    const { page, title, offers } = await refused(id);
    expect([title, offers]).toEqual(["Not called: the one try is used", ["Ring"]]);
    await page.getByText("1 try was made for this appointment.").waitFor();
    await page.getByRole("button", { name: "Show all checks" }).click();
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  } finally {
    await ask("PATCH", "/api/settings/calls", { maximum_retry_attempts: before.maximum_retry_attempts });
  }
});

it("a number that was called four times within a day is left alone, and it is said until when", { timeout: 300_000 }, async () => {
  await workingHours();
  await dev("sandbox/script", { default: { disconnection_reason: "dial_failed" } });
  const first = await somebody();
  await called(first.id);
  for (let more = 0; more < 3; more += 1) await called((await somebody({ phone: first.phone })).id);
  const { id } = await somebody({ phone: first.phone });
  const { page, title, offers } = await refused(id);
  expect([title, offers]).toEqual(["Not called: 4 calls to this number in a day", ["Ring"]]);
  await page.getByText(/^Nobody here can add another call before (tomorrow|[A-Z][a-z]{2} \d+ [A-Z][a-z]{2},?) (\d+(:\d\d)?[ap]m|midday|midnight)\.$/).waitFor();
  await page.goto(new URL(`/contacts/${first.id}/timeline`, page.url()).href);
  await page.getByText("The network did not put it through.").first().waitFor();
  await page.context().close();
});

it("where calling is not set up an administrator is led to it, and others are told whom to ask", { timeout: 240_000 }, async () => {
  await workingHours();
  const ask = await asUser();
  const found = await ask("GET", "/api/settings/integrations");
  const { retell } = (await found.json()) as { retell: { agent_id: string } };
  const { id } = await somebody();
  expect((await ask("PATCH", "/api/settings/integrations", { retell: { agent_id: null } }, { "if-match": found.headers.get("etag") ?? "" })).status).toBe(200);
  try {
    const admin = await refused(id);
    expect([admin.title, admin.offers]).toEqual(["Calling is not set up yet", ["Open Integrations", "Ring"]]);
    await admin.page.getByRole("button", { name: "Open Integrations" }).click();
    await admin.page.getByRole("heading", { name: "Retell, the phone provider" }).waitFor();
    await admin.page.context().close();
    const other = await refused(id, "reception");
    expect([other.title, other.offers]).toEqual(["Calling is not set up yet", ["Ring"]]);
    await other.page.getByText("The agent is missing. An administrator completes it under Integrations.").waitFor();
    await other.page.context().close();
  } finally {
    const now = await ask("GET", "/api/settings/integrations");
    expect((await ask("PATCH", "/api/settings/integrations", { retell: { agent_id: retell.agent_id } }, { "if-match": now.headers.get("etag") ?? "" })).status).toBe(200);
  }
});

it("who booked without a number is not called, and the way on is to add one", { timeout: 240_000 }, async () => {
  await workingHours();
  const at = await clockNow();
  // A form never asks for a person without a number, but a booking page may.
  const event = JSON.parse(readFileSync(new URL("../../events/webhooks/calcom-booking-created.json", import.meta.url), "utf8")) as { createdAt: string; payload: { [key: string]: unknown; attendees: Record<string, unknown>[]; responses: Record<string, { value: unknown }> } };
  const last = letters();
  const [name, email, start] = [`Booka ${last}`, `booka.${last}@example.com`, new Date(Math.ceil((at.getTime() + 2 * 86_400_000) / 3_600_000) * 3_600_000)];
  const { payload } = event;
  event.createdAt = at.toISOString();
  Object.assign(payload, { startTime: start.toISOString(), endTime: new Date(start.getTime() + 1_800_000).toISOString(), uid: `booking-${last}`, iCalUID: `booking-${last}@cal.example`, title: `Check-up between Riverside Clinic and ${name}` });
  payload.attendees[0] = Object.fromEntries(Object.entries({ ...payload.attendees[0], name, firstName: "Booka", lastName: last, email }).filter(([key]) => !/phone/i.test(key)));
  payload.responses = Object.fromEntries(Object.entries({ ...payload.responses, name: { ...payload.responses.name, value: name }, email: { ...payload.responses.email, value: email } }).filter(([key]) => !/phone/i.test(key)));
  await dev("calcom/deliver", { event });
  const ask = await asUser();
  let id = "";
  for (let tries = 0; tries < 60 && !id; tries += 1) {
    await new Promise((done) => setTimeout(done, 500));
    const list = (await (await ask("POST", "/api/contacts/search", { search: last, page_size: 10 })).json()) as { contacts: { id: string; phone: string | null }[] };
    expect(list.contacts[0]?.phone ?? null).toBe(null);
    id = list.contacts[0]?.id ?? "";
  }
  expect(id).not.toBe("");
  const { page, title, offers } = await refused(id);
  expect([title, offers]).toEqual(["Not called: there is no phone number", ["Add a number"]]);
  await page.getByRole("listitem").getByRole("button", { name: "Add a number" }).click();
  await page.getByRole("dialog").getByLabel("Phone", { exact: true }).waitFor();
  await page.context().close();
});

it("who has confirmed is called all the same, with a word about it; at night one is told from when", { timeout: 240_000 }, async () => {
  const ask = await asUser();
  await dev("sandbox/script", { default: { disconnection_reason: "user_hangup", appointment_action: "confirmed" } });
  const { id } = await somebody();
  expect((await ask("PATCH", `/api/contacts/${id}`, { appointment_status: "confirmed", reason: "Rang us" })).status).toBe(200);
  const { page } = await open(browser);
  await signIn(page, "admin", `/contacts/${id}`);
  await settled(page);
  await page.getByRole("button", { name: "Call now" }).click();
  await page.getByText(/It is called regardless\./).waitFor();
  await page.context().close();

  const late = await somebody();
  const night = await clockNow();
  night.setUTCHours(23, 0, 0, 0);
  await dev("clock", { now: night.toISOString() });
  const second = await refused(late.id);
  expect([second.title, second.offers]).toEqual(["Not called: outside your calling hours", ["Ring"]]);
  await second.page.getByText(/It is 11pm in London\. Calls are allowed 8am to 8pm, again from .*8am/).waitFor();
  await second.page.context().close();
  await workingHours();
});

it("who withdrew consent is rung by hand first, and at the weekend the day is named with the way to the settings", { timeout: 240_000 }, async () => {
  const ask = await asUser();
  const { id } = await somebody();
  expect((await ask("POST", `/api/contacts/${id}/consents`, { action: "withdrawn" })).status).toBe(201);
  const first = await refused(id);
  expect([first.title, first.offers]).toEqual(["Not called: consent was withdrawn", ["Ring", "Record consent"]]);
  await first.page.getByText(/^On \d+ [A-Z][a-z]+ 20\d\d\. Refusa .* does not want to be called by Vio\.$/).waitFor();
  await first.page.getByRole("button", { name: "Show all checks" }).click();
  await first.page.getByText(/^Required, withdrawn on \d+ [A-Z][a-z]+ 20\d\d/).waitFor();
  await first.page.context().close();

  const other = await somebody();
  const saturday = await clockNow();
  saturday.setUTCDate(saturday.getUTCDate() + 6 - saturday.getUTCDay());
  saturday.setUTCHours(11, 0, 0, 0);
  await dev("clock", { now: saturday.toISOString() });
  const second = await refused(other.id);
  expect([second.title, second.offers]).toEqual(["Not called: today is Saturday", ["Ring", "Open call settings"]]);
  await second.page.getByText(/^Your settings do not allow calls at weekends\. Calls are allowed again .*8am/).waitFor();
  await second.page.getByRole("button", { name: "Open call settings" }).click();
  await second.page.getByRole("heading", { name: "When Vio may call" }).waitFor();
  await second.page.context().close();
  await workingHours();
});

it("a number of another country is refused with its name, and the country is allowed under Business; who shares a number is said on the record", { timeout: 240_000 }, async () => {
  await workingHours();
  const ask = await asUser();
  const one = await somebody();
  const two = await somebody({ phone: one.phone });
  const before = (await (await ask("GET", "/api/users/business")).json()) as { accepted_phone_regions: string[] };
  const { page } = await open(browser);
  await signIn(page, "admin", `/contacts/${two.id}`);
  await settled(page);
  const shared = page.getByRole("listitem").filter({ hasText: /^Shares a number with Refusa \w+\. They are called one after the other\./ });
  await shared.waitFor();
  await shared.getByRole("link").click();
  await page.waitForURL(new RegExp(`/contacts/${one.id}`));
  try {
    await page.getByRole("button", { name: "Edit", exact: true }).first().click();
    const form = page.getByRole("dialog");
    await form.getByLabel("Phone", { exact: true }).fill("+33 1 23 45 67 89");
    await form.getByText(/^Numbers from France are not allowed here\. Allowed: .*the United Kingdom\.$/).waitFor();
    expect(await violations(page)).toEqual([]);
    const [settings] = await Promise.all([page.context().waitForEvent("page"), form.getByRole("link", { name: "open allowed countries in a new tab" }).click()]);
    const allowed = settings.getByRole("group", { name: "Allowed countries" });
    await allowed.getByText("Isle of Man").waitFor();
    await allowed.getByRole("button", { name: /Another country/ }).click();
    await settings.getByRole("option", { name: "France", exact: true }).click();
    await allowed.getByRole("button", { name: "Allow" }).click();
    if (process.env.VIO_SHOTS) await settings.screenshot({ path: `${process.env.VIO_SHOTS}/regions.png`, fullPage: true });
    await expect.poll(async () => ((await (await ask("GET", "/api/users/business")).json()) as { accepted_phone_regions: string[] }).accepted_phone_regions, { timeout: 15_000 }).toContain("FR");
    await settings.getByText(/Saved \d/).waitFor();
    await allowed.getByText("France", { exact: true }).waitFor();
    if (process.env.VIO_SHOTS) await settings.screenshot({ path: `${process.env.VIO_SHOTS}/regions2.png`, fullPage: true });
    expect(await violations(settings)).toEqual([]);
    // The form is as it was, and takes the number now.
    await settings.close();
    await page.evaluate(() => window.dispatchEvent(new Event("visibilitychange")));
    await form.getByLabel("The number is good").waitFor();
    await expect.poll(() => form.getByLabel("Phone", { exact: true }).inputValue()).toContain("23 45 67 89");
    const after = (await (await ask("GET", "/api/users/business")).json()) as { accepted_phone_regions: string[] };
    expect(after.accepted_phone_regions).toEqual([...before.accepted_phone_regions, "FR"].sort());
  } finally {
    const now = await ask("GET", "/api/users/business");
    await ask("PATCH", "/api/users/business", { accepted_phone_regions: before.accepted_phone_regions }, { "if-match": now.headers.get("etag") ?? "" });
    await page.context().close();
  }
});

it("numbers are imported for the do-not-call list: looked at first, each error with its row, then added", { timeout: 180_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "admin", "/calls/do-not-call");
  await settled(page);
  await page.getByRole("button", { name: "Import numbers" }).click();
  const dialog = page.getByRole("dialog", { name: "Import numbers" });
  const lines = Array.from({ length: 500 }, (_, place) => `0151 497 ${String(place).padStart(4, "0")},asked us to stop`);
  await dialog.getByLabel("CSV file").setInputFiles({ name: "stop.csv", mimeType: "text/csv", buffer: Buffer.from(["phone,reason", ...lines, "12,too short", lines[0] ?? ""].join("\n")) });
  await dialog.getByText("503 lines in stop.csv.").waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Check" }).click();
  await dialog.getByText(/^502 rows: 500 to add, 0 listed already, 1 repeated, 1 rejected\.$/).waitFor();
  await dialog.getByText(/^Row \d+, “12”:/).waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Add 500 numbers" }).click();
  await page.getByText("asked us to stop").first().waitFor({ timeout: 60_000 });
  await page.context().close();
});

it("the rows that an import left out are downloaded, to be corrected and imported again", { timeout: 120_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "admin", "/calls/do-not-call");
  await settled(page);
  const mark = Math.floor(Math.random() * 8_000) + 1_000;
  const imported = async (lines: string[], added: number) => {
    await page.getByRole("button", { name: "Import numbers" }).click();
    const dialog = page.getByRole("dialog", { name: "Import numbers" });
    await dialog.getByLabel("CSV file").setInputFiles({ name: "stop.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\n")) });
    await dialog.getByRole("button", { name: "Check" }).click();
    await dialog.getByRole("button", { name: `Add ${String(added)} number${added === 1 ? "" : "s"}` }).click();
    await dialog.waitFor({ state: "detached" });
  };
  await imported(["phone,reason", `0151 498 ${String(mark)},rang us`, `12${String(mark)},"too short, he said"`, `0161 498 ${String(mark)},by letter`, "nobody knows,by email"], 2);
  await page.getByRole("button", { name: /^Background work/ }).click();
  const work = page.getByRole("dialog", { name: "Background work" });
  const job = work.getByRole("listitem").filter({ hasText: "Do-not-call import" }).first();
  await job.getByText("Finished with 2 problems, 2 added").waitFor({ timeout: 30_000 });
  const [download] = await Promise.all([page.waitForEvent("download"), job.getByRole("button", { name: "Download the rows left out" }).click()]);
  expect(download.suggestedFilename()).toMatch(/^left-out-\d{4}-\d\d-\d\d\.csv$/);
  const text = readFileSync(await download.path(), "utf8");
  const [head = "", ...rows] = text.replace(/^\uFEFF/, "").trim().split(/\r?\n/);
  expect(rows).toHaveLength(2);
  // Each number and reason as they were given, the row of the file and what is wrong with it.
  expect(head).toBe("phone,reason,row,code,detail");
  expect(rows[0]).toMatch(new RegExp(`^12${String(mark)},"too short, he said",3,[a-z_]+,.+`));
  expect(rows[1]).toMatch(/^nobody knows,by email,5,[a-z_]+,.+/);
  await page.getByText("The file is among your downloads.").waitFor();
  await page.keyboard.press("Escape");
  // Corrected in its place, the same file is taken, and its reason with it.
  await imported([head, (rows[0] ?? "").replace(`12${String(mark)}`, `0141 498 ${String(mark)}`)], 1);
  await page.getByRole("button", { name: /^Background work/ }).click();
  await work.getByRole("listitem").filter({ hasText: "Do-not-call import" }).first().getByText("Finished, 1 added").waitFor({ timeout: 30_000 });
  const ask = await asUser();
  const found = (await (await ask("POST", "/api/dnc/find", { phone: `0141 498 ${String(mark)}` })).json()) as { entry?: { reason?: string } };
  expect(found.entry?.reason).toBe("too short, he said");
  await page.context().close();
});
