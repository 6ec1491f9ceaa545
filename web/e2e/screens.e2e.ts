import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, describe, it } from "vitest";
import { asUser, clockNow, dev, enlarge, launch, open, settled, signIn, workingHours } from "./browser";
import type { Browser, Page } from "playwright-core";

const folder = process.env.VIO_SHOTS;
const only = process.env.VIO_ONLY?.split(",");
/** The text in per cent of what it usually is. */
const size = Number(process.env.VIO_TEXT ?? 100);

type Ask = Awaited<ReturnType<typeof asUser>>;

/** A clinic of three. */
async function leaveFew(ask: Ask): Promise<void> {
  for (;;) {
    const { contacts } = (await (await ask("POST", "/api/contacts/search", { page_size: 100, sort: ["name"] })).json()) as { contacts: { id: string }[] };
    if (contacts.length <= 3) return;
    for (const { id } of contacts.slice(3)) await ask("DELETE", `/api/contacts/${id}`);
  }
}

/** Names as long as they may be, five groups each, words and notes to the last character. */
async function crowd(ask: Ask): Promise<void> {
  const groups: string[] = [];
  const before = (await (await ask("POST", "/api/contacts/search", { search: "Featherstonehaugh", page_size: 10 })).json()) as { contacts: unknown[] };
  if (before.contacts.length > 0) return;
  for (const name of ["Annual check-ups that are overdue since spring", "Asks for reception to ring", "Bridge and crown follow-ups", "Evening", "Very important people of the neighbourhood"]) {
    await ask("POST", "/api/groups", { name, color: ["#EF4444", "#F59E0B", "#10B981", "#3B82F6", "#8B5CF6"][groups.length] });
    const all = (await (await ask("GET", "/api/groups")).json()) as { groups: { id: string; name: string }[] };
    groups.push(all.groups.find((each) => each.name === name)?.id ?? "");
  }
  const day = new Date((await clockNow()).getTime() + 2 * 86_400_000).toISOString().slice(0, 10);
  for (const [place, name] of ["Maximiliana-Josephina Featherstonehaugh-Cholmondeley Wrighton", "Bartholomew Alexander Montgomery-Fitzwilliam of Lower Slaughter", "Wolfeschlegelsteinhausenbergerdorff Oluwaseunfunmilayo Adeyemi"].entries()) {
    const made = await ask("POST", "/api/contacts", {
      name,
      phone: `+44151496${String(7000 + place)}`,
      email: `a.very.long.address.of.somebody.${String(place)}@department.of.long.names.example.org`,
      appointment_time: `${day}T1${String(place)}:30`,
      appointment_type: "Check-up",
      owner_name: "Dr Anastasia Papadopoulos-Wellington",
      special_instructions: `Please come to the new entrance in the courtyard behind the library, ring the bell twice, take the lift to the third floor and follow the green line on the floor until you see the fish tank; if the lift is out of order, somebody will meet you at the stairs. Bring your glasses and a warm jumper, please.`.slice(0, 300),
      notes: "Prefers to be rung after ten. ".repeat(20),
      group_ids: groups,
      voice_consent: { method: "verbal" },
      on_duplicate: "create_new",
    });
    if (made.status !== 201) throw new Error(await made.text());
  }
}

/** A campaign of forty that has called everybody it may by now, with every answer. Gives its id. */
async function halfway(): Promise<string> {
  await workingHours();
  // Where the clock had to go on to the next day nobody is signed in any more.
  const ask = await asUser();
  const confirmed = { disconnection_reason: "user_hangup", appointment_action: "confirmed", duration_seconds: 48 };
  const ends: object[] = [
    ...[confirmed, confirmed, confirmed, confirmed],
    { ...confirmed, appointment_action: "rescheduled" },
    { disconnection_reason: "dial_no_answer" },
    confirmed,
    { disconnection_reason: "voicemail_reached" },
    { ...confirmed, appointment_action: "cancelled", duration_seconds: 63 },
    { disconnection_reason: "user_hangup", duration_seconds: 21 },
  ];
  await ask("PATCH", "/api/settings/calls", { price_per_call: { amount_minor: 9, currency: "GBP" } });
  const day = new Date((await clockNow()).getTime() + 6 * 86_400_000).toISOString().slice(0, 10);
  const given = ["Padma", "George", "Joan", "Anton", "Charlotte", "Duncan", "Fatima", "Owen", "Rosalind", "Hana"];
  const family = ["Iyer", "Stavrou", "Bellweather", "Ferreira-Gunnarsdóttir"];
  const script: Record<string, object> = {};
  const ids: string[] = [];
  for (let place = 0; place < 40; place += 1) {
    const phone = `+44161496${String(100 + place).padStart(4, "0")}`;
    script[phone] = ends[place % ends.length] ?? confirmed;
    const made = await ask("POST", "/api/contacts", {
      name: `${given[place % 10] ?? ""} ${family[Math.floor(place / 10)] ?? ""}`,
      phone,
      appointment_time: `${day}T${String(9 + Math.floor(place / 5)).padStart(2, "0")}:${String((place % 5) * 10).padStart(2, "0")}`,
      ...(place % 13 !== 12 && { voice_consent: { method: "verbal" } }),
      hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true },
      on_duplicate: "create_new",
    });
    if (made.status !== 201) throw new Error(await made.text());
    const { id } = (await made.json()) as { id: string };
    ids.push(id);
    if (place % 12 === 11) await ask("PATCH", `/api/contacts/${id}`, { do_not_contact: true });
  }
  await dev("sandbox/script", { by_number: script, default: confirmed });
  const made = (await (await ask("POST", "/api/groups", { name: "Hygienist recall", initial_contact_ids: ids })).json()) as { id: string };
  const called = await ask("POST", `/api/groups/${made.id}/call-all`, { call_timing: "immediate", custom_message_addition: "Our new entrance is on Mill Street." });
  if (called.status !== 202) throw new Error(await called.text());
  for (let step = 0; step < 20; step += 1) {
    await new Promise((done) => setTimeout(done, 1_000));
    await dev("clock", { advance_seconds: 30 });
  }
  return ((await called.json()) as { campaign_id: string }).campaign_id;
}

/** Pictures of every page at three widths, for looking at: `VIO_SHOTS=folder`, with three people or long names by `VIO_WITH=few` or `crowd`, with a campaign half through by `VIO_WITH=campaign`, with large text by `VIO_TEXT=200`, some alone by `VIO_ONLY=today,edit-390-light,820-dark`, the page to its end by `VIO_WHOLE=1`. */
describe.runIf(folder)("pictures", () => {
  let browser: Browser;
  let contact = "";
  let group = "";
  let campaign = "";
  beforeAll(async () => {
    mkdirSync(folder ?? "", { recursive: true });
    browser = await launch();
    const ask = await asUser();
    if (process.env.VIO_WITH === "few") await leaveFew(ask);
    if (process.env.VIO_WITH === "crowd") await crowd(ask);
    const found = (await (await ask("POST", "/api/contacts/search", { attention: true, page_size: 10 })).json()) as { contacts: { id: string }[] };
    const any = (await (await ask("POST", "/api/contacts/search", { page_size: 10, sort: ["name"] })).json()) as { contacts: { id: string }[] };
    contact = found.contacts[0]?.id ?? any.contacts[0]?.id ?? "";
    if (process.env.VIO_WITH === "crowd") {
      const long = (await (await ask("POST", "/api/contacts/search", { search: "Featherstonehaugh-Cholmondeley", page_size: 10 })).json()) as { contacts: { id: string }[] };
      contact = long.contacts[0]?.id ?? contact;
    }
    if (((await (await ask("GET", "/api/outgoing-webhooks")).json()) as { outgoing_webhooks: unknown[] }).outgoing_webhooks.length === 0)
      await ask("POST", "/api/outgoing-webhooks", { url: "http://127.0.0.1:9/hooks/vioconcierge/appointments", description: "The practice’s own calendar on the wall", events: ["appointment.confirmed", "call.finished"] });
    group = ((await (await ask("GET", "/api/groups")).json()) as { groups: { id: string }[] }).groups[0]?.id ?? "";
    campaign = ((await (await ask("GET", "/api/groups/campaigns")).json()) as { campaigns: { campaign_id: string }[] }).campaigns[0]?.campaign_id ?? "";
    if (process.env.VIO_WITH === "campaign") campaign = await halfway();
  }, 240_000);
  afterAll(() => browser.close());

  const pages: [string, () => string][] = [
    ["today", () => "/today"],
    ["contacts", () => "/contacts"],
    ["cards", () => "/contacts?view=%22cards%22"],
    ["list", () => "/contacts?view=%22list%22"],
    ["record", () => `/contacts/${contact}`],
    ["record-calls", () => `/contacts/${contact}/calls`],
    ["new", () => "/contacts/new"],
    ["deleted", () => "/contacts/deleted"],
    ["duplicates", () => "/contacts/duplicates"],
    ["groups", () => "/groups"],
    ["group", () => `/groups/${group}`],
    ["group-analytics", () => `/groups/${group}/analytics`],
    ["compare", () => "/groups/compare"],
    ["group-call", () => `/groups/${group}/call`],
    ["group-settings", () => `/groups/${group}/settings`],
    ["group-activity", () => `/groups/${group}/activity`],
    ["calls", () => "/calls"],
    ["history", () => "/calls/history"],
    ["campaigns", () => "/calls/campaigns"],
    ["campaign", () => `/calls/campaigns/${campaign}`],
    ["dnc", () => "/calls/do-not-call"],
    ["settings", () => "/settings"],
    ["settings-calls", () => "/settings/calls"],
    ["settings-integrations", () => "/settings/integrations"],
    ["settings-developers", () => "/settings/developers"],
    ["settings-team", () => "/settings/team"],
    ["settings-privacy", () => "/settings/privacy"],
    ["settings-locations", () => "/settings/locations"],
    ["settings-lists", () => "/settings/lists"],
    ["account", () => "/account/look"],
    ["profile", () => "/account/profile"],
    ["security", () => "/account/security"],
    ["notifications", () => "/account/notifications"],
    ["forgot", () => "/forgot"],
    ["reset", () => "/reset#token=picture"],
    ["invite", () => "/invite"],
  ];

  const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" }).first();
  const item = async (page: Page, menu: string | RegExp, name: string | RegExp) => {
    await button(page, menu).click();
    await page.getByRole("menuitem", { name }).first().click();
  };
  const select = async (page: Page) => {
    const boxes = page.getByRole("checkbox", { name: /^Select (?!all)/ });
    await boxes.first().waitFor({ state: "attached" });
    for (const place of [0, 1]) await boxes.nth(place).click({ force: true });
  };
  const selected = (page: Page, name: string | RegExp) => page.getByRole("region", { name: "Selection" }).getByRole("button", { name }).click();
  /** What opens over a page: where, and how. What this clinic has nothing for is left out. */
  const dialogs: [string, () => string, (page: Page) => Promise<void>][] = [
    ["work", () => "/today", (page) => item(page, /^More for/, "Resolve")],
    ["messages", () => "/today", (page) => button(page, /^Messages/).click()],
    ["account-menu", () => "/today", (page) => button(page, /your account$/).click()],
    [
      "palette",
      () => "/today",
      async (page) => {
        await page.keyboard.press("Control+k");
        await page.getByRole("dialog", { name: "Search or command" }).waitFor();
        await page.keyboard.type("an");
        await page.getByRole("menuitem").first().waitFor();
      },
    ],
    ["export", () => "/contacts", (page) => item(page, "More for patients", "Download this list")],
    ["chip", () => "/contacts?status=%5B%22pending%22%5D", (page) => page.getByTitle("Change this filter; Backspace removes it").click()],
    ["save-list", () => "/contacts?status=%5B%22pending%22%5D", (page) => button(page, "Save these filters as a list").click()],
    ["selection", () => "/contacts", select],
    ["many-groups", () => "/contacts", (page) => selected(page, "Groups")],
    ["many-status", () => "/contacts", (page) => selected(page, "Set status")],
    ["many-delete", () => "/contacts", (page) => item(page, "More for the selection", /^Delete/)],
    ["many-call", () => "/contacts", (page) => selected(page, /^Call/)],
    ["edit", () => `/contacts/${contact}`, (page) => button(page, "Edit").click()],
    ["appointment", () => `/contacts/${contact}`, (page) => button(page, "Add appointment").click()],
    [
      "calendar-appointment",
      () => `/contacts/${contact}`,
      async (page) => {
        await button(page, "Add appointment").click();
        await button(page, "Date, open the calendar").click();
        await page.getByRole("dialog", { name: "Date, calendar" }).waitFor();
      },
    ],
    ["calendar", () => "/contacts/new", (page) => button(page, "Date, open the calendar").click()],
    ["calendar-closed", () => "/settings/calls", (page) => button(page, "Closed on, open the calendar").click()],
    [
      "calendar-filter",
      () => "/contacts?from=%222026-12-01%22&to=%222026-12-04%22",
      async (page) => {
        await page.getByTitle("Change this filter; Backspace removes it").click();
        await page.getByRole("dialog").getByRole("button", { name: "Until, open the calendar" }).click();
        await page.getByRole("dialog", { name: "Until, calendar" }).waitFor();
      },
    ],
    [
      "settings-changed",
      () => "/settings/calls",
      async (page) => {
        await page.getByRole("switch", { name: /Ask how content/ }).click({ force: true });
        await page.getByText("Saved", { exact: true }).waitFor();
        await page.getByRole("switch", { name: /Saturdays and Sundays/ }).click({ force: true });
        await page.getByText("Changed", { exact: true }).waitFor();
      },
    ],
    ["groups-of", () => `/contacts/${contact}`, (page) => button(page, "Manage").click()],
    ["delete", () => `/contacts/${contact}`, (page) => item(page, "More", /^Delete/)],
    [
      "conflict",
      () => `/contacts/${contact}`,
      async (page) => {
        await button(page, "Edit").click();
        const sheet = page.getByRole("dialog");
        await sheet.getByRole("textbox", { name: "Notes" }).first().fill("Front door");
        await (await asUser("reception"))("PATCH", `/api/contacts/${contact}`, { notes: `Back door ${String(Date.now() % 1000)}` });
        await sheet.getByRole("button", { name: "Save", exact: true }).click();
        await page.getByRole("dialog", { name: /changed this/ }).waitFor();
      },
    ],
    ["templates", () => "/groups", (page) => button(page, "Templates").click()],
    ["new-group", () => "/groups", (page) => button(page, "New group").click()],
    ["clear-group", () => `/groups/${group}/settings`, (page) => button(page, "Remove all members").click()],
    ["dnc-add", () => "/calls/do-not-call", (page) => button(page, "Add a number").click()],
    ["dnc-import", () => "/calls/do-not-call", (page) => button(page, "Import numbers").click()],
    ["invite-member", () => "/settings/team", (page) => button(page, "Invite somebody").click()],
    ["member-edit", () => "/settings/team", (page) => item(page, "Actions for Tom Okafor", "Edit")],
    [
      "member-rights",
      () => "/settings/team",
      async (page) => {
        await item(page, "Actions for Tom Okafor", "Edit");
        await page.getByRole("dialog").getByRole("button", { name: "Give or take single permissions" }).click();
      },
    ],
    ["member-menu", () => "/settings/team", (page) => button(page, /^Actions for/).click()],
    ["webhook-new", () => "/settings/developers", (page) => button(page, "Add an address").click()],
    ["webhook-edit", () => "/settings/developers", (page) => button(page, "Edit").click()],
    [
      "webhook-deliveries",
      () => "/settings/developers",
      async (page) => {
        await button(page, "Send a sample").click();
        await page.getByRole("dialog", { name: /^Deliveries to/ }).getByText(/after \d+ ms/).first().waitFor();
      },
    ],
    ["webhook-rotate", () => "/settings/developers", (page) => button(page, "New secret").click()],
    ["webhook-remove", () => "/settings/developers", (page) => button(page, /^Remove/).click()],
    ["webhook-off", () => "/settings/developers", (page) => button(page, /^Switch (off|on)$/).click()],
    // The last, because it is closed by its button alone.
    [
      "webhook-secret",
      () => "/settings/developers",
      async (page) => {
        await button(page, "New secret").click();
        await page.getByRole("dialog").getByRole("button", { name: "Make a new secret" }).click();
        await page.getByRole("dialog", { name: "The secret of this address" }).waitFor();
      },
    ],
  ];

  it.each([
    [1440, 900, "light"],
    [820, 1180, "light"],
    [820, 1180, "dark"],
    [390, 844, "light"],
    [1440, 900, "dark"],
    [1440, 900, "high"],
  ] as const)("at %i x %i, %s", { timeout: 300_000 }, async (width, height, theme) => {
    const { page, context, problems } = await open(browser, { width, height, look: theme === "high" ? { contrast: "high" } : { theme } });
    await enlarge(page, size);
    const name = (each: string) => `${folder ?? ""}/${each}-${String(width)}-${theme}.png`;
    if (only?.every((each) => /\d-/.test(each) && !each.endsWith(`${String(width)}-${theme}`))) return context.close();
    await signIn(page);
    page.setDefaultTimeout(4_000);
    const wanted = (each: string) => !only || only.includes(each) || only.includes(`${each}-${String(width)}-${theme}`) || only.includes(`${String(width)}-${theme}`);
    const to = async (path: string) => {
      await page.evaluate((next) => {
        history.pushState({}, "", next);
        dispatchEvent(new PopStateEvent("popstate", { state: {} }));
      }, path);
      await page.waitForTimeout(400);
      await settled(page);
    };
    for (const [each, path] of pages) {
      if (!wanted(each)) continue;
      await to(path());
      // Playwright's own picture of a whole page forgets the size of the text.
      const whole = process.env.VIO_WHOLE ? await page.evaluate(() => document.documentElement.scrollHeight) : 0;
      if (whole > height) await page.setViewportSize({ width, height: whole });
      await page.screenshot({ path: name(each) });
      if (whole > height) await page.setViewportSize({ width, height });
    }
    let there = "";
    for (const [each, path, show] of dialogs) {
      if (!wanted(each)) continue;
      // What is chosen in a list stays chosen for the next picture of the same list.
      if (there !== path() || !each.startsWith("many")) await to(path());
      there = path();
      try {
        await show(page);
        await page.waitForTimeout(400);
        await page.screenshot({ path: name(each) });
      } catch (error) {
        process.stderr.write(`no picture of ${each}: ${String(error).split("\n")[0] ?? ""}\n`);
      }
      for (let press = 0; press < 3 && (await page.getByRole("dialog").or(page.getByRole("alertdialog")).or(page.getByRole("menu")).count()) > 0; press += 1) await page.keyboard.press("Escape");
    }
    if (problems.length > 0) process.stderr.write(`${theme} ${String(width)}: ${[...new Set(problems)].join("\n")}\n`);
    await context.close();
  });
});
