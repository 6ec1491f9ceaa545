import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, describe, it } from "vitest";
import { asUser, clockNow, enlarge, launch, open, settled, signIn } from "./browser";
import { crowd, halfway, leaveFew, more, muchToTell } from "./clinics";
import type { Browser, Page } from "playwright-core";

const folder = process.env.VIO_SHOTS;
const only = process.env.VIO_ONLY?.split(",");
/** The text in per cent of what it usually is. */
const size = Number(process.env.VIO_TEXT ?? 100);

/** Pictures of every page at three widths, for looking at: `VIO_SHOTS=folder`, with three people or long names by `VIO_WITH=few` or `crowd`, with a campaign half through or a morning with much to tell by `VIO_WITH=campaign` or `morning`, with large text by `VIO_TEXT=200`, some alone by `VIO_ONLY=today,edit-390-light,820-dark` (at 320 and 1280 only so), the page to its end by `VIO_WHOLE=1`. */
describe.runIf(folder)("pictures", () => {
  let browser: Browser;
  let contact = "";
  let group = "";
  let campaign = "";
  let people = { refused: "", changed: "" };
  beforeAll(async () => {
    mkdirSync(folder ?? "", { recursive: true });
    browser = await launch();
    if (process.env.VIO_WITH === "morning") await muchToTell();
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
    people = await more(ask);
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
    ["record-changes", () => `/contacts/${people.changed}/changes`],
    ["record-appointments", () => `/contacts/${contact}/appointments`],
    ["record-notes", () => `/contacts/${contact}/notes`],
    ["new", () => "/contacts/new"],
    ["deleted", () => "/contacts/deleted"],
    ["duplicates", () => "/contacts/duplicates"],
    ["groups", () => "/groups"],
    ["groups-table", () => "/groups?view=%22table%22"],
    ["groups-cards", () => "/groups?view=%22cards%22"],
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
  /** One of the steps to a campaign, of a selection or of the group whose page is open. */
  const stepTo = async (page: Page, step: string) => {
    if ((await page.getByRole("navigation", { name: "Steps" }).count()) === 0) await selected(page, /^Call/);
    await page.getByRole("navigation", { name: "Steps" }).getByRole("button", { name: new RegExp(step, "i") }).click();
    await page.waitForTimeout(1_200);
  };
  const selected = (page: Page, name: string | RegExp) => page.getByRole("region", { name: "Selection" }).getByRole("button", { name }).click();
  const pause = async (page: Page, to: "pause" | "resume") => {
    await (await asUser())("POST", `/api/calls/${to}`, {});
    await page.waitForTimeout(1_500);
  };
  /** What opens over a page: where, and how. What this clinic has nothing for is left out. */
  const dialogs: [string, () => string, (page: Page) => Promise<void>][] = [
    ["work", () => "/today", (page) => item(page, /^More for/, "Resolve")],
    ["work-open", () => "/today", (page) => page.locator("[data-row]").first().press("Enter")],
    ["work-resolved", () => "/today", (page) => button(page, "What was resolved").click()],
    ["print", () => "/today", (page) => button(page, "Print day list").click()],
    [
      "print-page",
      () => "/today",
      async (page) => {
        await page.evaluate(() => {
          window.print = () => undefined;
        });
        await button(page, "Print day list").click();
        await page.getByRole("dialog").getByRole("button", { name: "Print" }).click();
        await page.emulateMedia({ media: "print" });
      },
    ],
    ["help", () => "/today", (page) => page.locator("body").press("?")],
    ["background", () => "/today", (page) => button(page, /^Background work/).click()],
    [
      "left-out",
      () => "/today",
      async (page) => {
        await button(page, /^Background work/).click();
        await button(page, "See who was left out").click();
      },
    ],
    [
      "refusal",
      () => `/contacts/${people.refused}`,
      async (page) => {
        await button(page, "Call now").click();
        await page.locator("h2:focus").waitFor();
      },
    ],
    [
      "refusal-checks",
      () => `/contacts/${people.refused}`,
      async (page) => {
        await button(page, "Call now").click();
        await button(page, "Show all checks").click();
      },
    ],
    ["duplicates-compare", () => "/contacts/duplicates", (page) => button(page, /^Compare Orla/).click()],
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
    ...["when", "words", "check"].map((step): [string, () => string, (page: Page) => Promise<void>] => [`many-call-${step}`, () => "/contacts", (page) => stepTo(page, step)]),
    ...["who", "when", "words", "check"].map((step): [string, () => string, (page: Page) => Promise<void>] => [`call-${step}`, () => `/groups/${group}/call`, (page) => stepTo(page, step)]),
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
    [
      "held",
      () => "/today",
      async (page) => {
        const row = page.locator("section").filter({ has: page.getByRole("heading", { level: 2, name: /^Today’s appointments/ }) }).getByRole("listitem").first();
        await row.hover();
        const at = new Date((await clockNow()).getTime() + 10 * 60_000).toISOString();
        await (await asUser())("POST", "/api/contacts", { name: "Imogen Late", phone: "+441514965519", appointment_time: at, on_duplicate: "create_new" });
        await button(page, /^\d+ new$/).waitFor();
      },
    ],
    // Hidden from here on.
    ["hidden-today", () => "/today", (page) => page.keyboard.press("Control+Shift+h")],
    ["hidden-contacts", () => "/contacts", (page) => page.waitForTimeout(300)],
    ["hidden-cards", () => "/contacts?view=%22cards%22", (page) => page.waitForTimeout(300)],
    ["hidden-record", () => `/contacts/${contact}`, (page) => page.waitForTimeout(300)],
    ["shown", () => "/today", (page) => page.keyboard.press("Control+Shift+h")],
    ["paused-today", () => "/today", async (page) => pause(page, "pause")],
    ["paused-record", () => `/contacts/${contact}`, (page) => page.waitForTimeout(300)],
    ["resumed", () => "/today", async (page) => pause(page, "resume")],
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
    [390, 844, "dark"],
    [390, 844, "high"],
    [820, 1180, "high"],
    [1280, 800, "light"],
    [320, 640, "light"],
  ] as const)("at %i x %i, %s", { timeout: 600_000 }, async (width, height, theme) => {
    const { page, context, problems } = await open(browser, { width, height, look: theme === "high" ? { contrast: "high" } : { theme } });
    await enlarge(page, size);
    const name = (each: string) => `${folder ?? ""}/${each}-${String(width)}-${theme}.png`;
    const here = `${String(width)}-${theme}`;
    const usual = ["1440-light", "820-light", "820-dark", "390-light", "1440-dark", "1440-high"].includes(here);
    if (!(only ?? [""]).some((each) => (/\d-/.test(each) ? each.endsWith(here) : usual))) return context.close();
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
        process.stderr.write(`${here}: no picture of ${each}: ${String(error).split("\n")[0] ?? ""}\n`);
      }
      await page.emulateMedia({ media: null });
      for (let press = 0; press < 3 && (await page.getByRole("dialog").or(page.getByRole("alertdialog")).or(page.getByRole("menu")).count()) > 0; press += 1) await page.keyboard.press("Escape");
    }
    if (problems.length > 0) process.stderr.write(`${theme} ${String(width)}: ${[...new Set(problems)].join("\n")}\n`);
    await context.close();
  });
});
