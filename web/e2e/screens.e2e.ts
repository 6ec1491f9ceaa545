import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, describe, it } from "vitest";
import { asUser, launch, open, settled, signIn } from "./browser";
import type { Browser } from "playwright-core";

const folder = process.env.VIO_SHOTS;
const only = process.env.VIO_ONLY?.split(",");

/** Pictures of every page at three widths, for looking at: `VIO_SHOTS=folder`. */
describe.runIf(folder)("pictures", () => {
  let browser: Browser;
  let contact = "";
  let group = "";
  let campaign = "";
  beforeAll(async () => {
    mkdirSync(folder ?? "", { recursive: true });
    browser = await launch();
    const ask = await asUser();
    const found = (await (await ask("POST", "/api/contacts/search", { attention: true, page_size: 10 })).json()) as { contacts: { id: string }[] };
    const any = (await (await ask("POST", "/api/contacts/search", { page_size: 10, sort: ["name"] })).json()) as { contacts: { id: string }[] };
    contact = found.contacts[0]?.id ?? any.contacts[0]?.id ?? "";
    group = ((await (await ask("GET", "/api/groups")).json()) as { groups: { id: string }[] }).groups[0]?.id ?? "";
    campaign = ((await (await ask("GET", "/api/groups/campaigns")).json()) as { campaigns: { campaign_id: string }[] }).campaigns[0]?.campaign_id ?? "";
  });
  afterAll(() => browser.close());

  const pages: [string, () => string][] = [
    ["today", () => "/today"],
    ["contacts", () => "/contacts"],
    ["cards", () => "/contacts?view=%22cards%22"],
    ["list", () => "/contacts?view=%22list%22"],
    ["record", () => `/contacts/${contact}`],
    ["record-calls", () => `/contacts/${contact}/calls`],
    ["new", () => "/contacts/new"],
    ["groups", () => "/groups"],
    ["group", () => `/groups/${group}`],
    ["group-call", () => `/groups/${group}/call`],
    ["calls", () => "/calls"],
    ["history", () => "/calls/history"],
    ["campaigns", () => "/calls/campaigns"],
    ["campaign", () => `/calls/campaigns/${campaign}`],
    ["dnc", () => "/calls/do-not-call"],
    ["settings", () => "/settings"],
    ["settings-calls", () => "/settings/calls"],
    ["settings-integrations", () => "/settings/integrations"],
    ["settings-team", () => "/settings/team"],
    ["settings-privacy", () => "/settings/privacy"],
    ["settings-lists", () => "/settings/lists"],
    ["account", () => "/account/look"],
  ];

  it.each([
    [1440, 900, "light"],
    [820, 1180, "light"],
    [390, 844, "light"],
    [1440, 900, "dark"],
    [1440, 900, "high"],
  ] as const)("at %i x %i, %s", { timeout: 300_000 }, async (width, height, theme) => {
    const { page, context, problems } = await open(browser, { width, height, look: theme === "high" ? { contrast: "high" } : { theme } });
    const name = (each: string) => `${folder ?? ""}/${each}-${String(width)}-${theme}.png`;
    await signIn(page);
    for (const [each, path] of pages) {
      if (only && !only.includes(each) && !only.includes(`${each}-${String(width)}-${theme}`)) continue;
      await page.evaluate((to) => {
        history.pushState({}, "", to);
        dispatchEvent(new PopStateEvent("popstate", { state: {} }));
      }, path());
      await page.waitForTimeout(400);
      await settled(page);
      await page.screenshot({ path: name(each) });
    }
    if (problems.length > 0) process.stderr.write(`${theme} ${String(width)}: ${[...new Set(problems)].join("\n")}\n`);
    await context.close();
  });
});
