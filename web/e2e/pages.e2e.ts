import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asUser, base, enlarge, launch, open, settled, signIn, violations, type Look } from "./browser";

let browser: Browser;
const ids = { contact: "", group: "", campaign: "" };

beforeAll(async () => {
  browser = await launch();
  const ask = await asUser();
  ids.contact = ((await (await ask("POST", "/api/contacts/search", { page_size: 10, sort: ["name"] })).json()) as { contacts: { id: string }[] }).contacts[0]?.id ?? "";
  // A page of addresses has something on it.
  await ask("POST", "/api/outgoing-webhooks", { url: "http://127.0.0.1:9/axe", description: "The till", events: ["appointment.confirmed", "call.finished"] });
  ids.group = ((await (await ask("GET", "/api/groups")).json()) as { groups: { id: string }[] }).groups[0]?.id ?? "";
});
afterAll(() => browser.close());

const PAGES = (): string[] => [
  "/today",
  "/contacts",
  "/contacts?view=%22cards%22",
  "/contacts?view=%22list%22",
  "/contacts/new",
  "/contacts/deleted",
  "/contacts/duplicates",
  "/contacts/duplicates?relation=household",
  `/contacts/${ids.contact}`,
  `/contacts/${ids.contact}/calls`,
  `/contacts/${ids.contact}/appointments`,
  `/contacts/${ids.contact}/notes`,
  `/contacts/${ids.contact}/changes`,
  "/groups",
  // Also what the width does not choose by itself.
  "/groups?view=%22table%22",
  "/groups?view=%22cards%22",
  `/groups/${ids.group}/members`,
  `/groups/${ids.group}/analytics`,
  "/groups/compare",
  `/groups/${ids.group}/activity`,
  `/groups/${ids.group}/settings`,
  `/groups/${ids.group}/call`,
  "/calls",
  "/calls/campaigns",
  "/calls/history",
  "/calls/do-not-call",
  "/settings/business",
  "/settings/calls",
  "/settings/integrations",
  "/settings/developers",
  "/settings/team",
  "/settings/privacy",
  "/settings/locations",
  "/settings/lists",
  "/account/profile",
  "/account/security",
  "/account/notifications",
  "/account/look",
  "/forgot",
  "/reset",
  "/invite#token=axe",
];

const LOOKS: [string, Look, number][] = [
  ["light", { theme: "light" }, 1440],
  ["dark", { theme: "dark" }, 1440],
  ["high contrast", { contrast: "high" }, 1440],
  ["a phone", { theme: "light" }, 390],
];

describe.each(LOOKS)("in %s", (_name, look, width) => {
  it("axe finds nothing on any page, and the content security policy stops nothing", { timeout: 400_000 }, async () => {
    const { page, context, problems } = await open(browser, { width, height: width < 800 ? 844 : 900, look });
    await page.goto(base());
    await page.getByLabel("Email address").waitFor();
    const found: Record<string, string[]> = {};
    const note = (path: string, list: string[]) => {
      if (list.length > 0) found[path] = list;
    };
    note("sign in", await violations(page));
    await signIn(page);
    for (const path of PAGES()) {
      await page.evaluate((to) => {
        history.pushState({}, "", to);
        dispatchEvent(new PopStateEvent("popstate", { state: {} }));
      }, path);
      await page.waitForTimeout(300);
      await settled(page);
      note(path, await violations(page));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (overflow > 0) note(`${path} scrolls sideways`, [`${String(overflow)} px`]);
    }
    expect(found).toEqual({});
    expect([...new Set(problems)]).toEqual([]);
    await context.close();
  });
});

it.each([
  [320, 100],
  [640, 200],
  [820, 125],
  [1280, 125],
  [1440, 200],
])("needs no sideways scrolling at %i px with text of %i per cent", { timeout: 200_000 }, async (width, size) => {
  const { page, context } = await open(browser, { width, height: 700 });
  await enlarge(page, size);
  await signIn(page);
  const wide: string[] = [];
  for (const path of ["/today", "/contacts", "/contacts/new", `/contacts/${ids.contact}`, "/groups", "/groups?view=%22table%22", "/calls", "/settings", "/account/look"]) {
    await page.evaluate((to) => {
      history.pushState({}, "", to);
      dispatchEvent(new PopStateEvent("popstate", { state: {} }));
    }, path);
    await page.waitForTimeout(300);
    await settled(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (overflow > 0) {
      const who = await page.evaluate(() => [...document.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1).slice(0, 3).map((each) => each.outerHTML.slice(0, 90)));
      wide.push(`${path}: ${String(overflow)} px ${who.join(" ")}`);
    }
  }
  expect(wide).toEqual([]);
  await context.close();
});
