import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asUser, launch, open, settled, signIn } from "./browser";

let browser: Browser;
const ids = { contact: "", group: "" };

beforeAll(async () => {
  browser = await launch();
  const ask = await asUser();
  ids.contact = ((await (await ask("POST", "/api/contacts/search", { page_size: 10, sort: ["name"] })).json()) as { contacts: { id: string }[] }).contacts[0]?.id ?? "";
  ids.group = ((await (await ask("GET", "/api/groups")).json()) as { groups: { id: string }[] }).groups[0]?.id ?? "";
});
afterAll(() => browser.close());

async function to(page: Page, path: string): Promise<void> {
  await page.evaluate((where) => {
    history.pushState({}, "", where);
    dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  }, path);
  await page.waitForTimeout(300);
  await settled(page);
}

const PAGES = (): string[] => [
  "/today",
  "/contacts",
  "/contacts/new",
  "/contacts/deleted",
  "/contacts/duplicates",
  "/contacts?view=%22cards%22",
  `/contacts/${ids.contact}`,
  `/contacts/${ids.contact}/calls`,
  `/contacts/${ids.contact}/notes`,
  "/groups",
  "/groups/compare",
  `/groups/${ids.group}/members`,
  `/groups/${ids.group}/analytics`,
  `/groups/${ids.group}/activity`,
  `/groups/${ids.group}/settings`,
  `/groups/${ids.group}/call`,
  "/calls",
  "/calls/history",
  "/calls/campaigns",
  "/calls/do-not-call",
  "/settings",
  "/settings/business",
  "/settings/calls",
  "/settings/developers",
  "/settings/team",
  "/settings/privacy",
  "/account",
  "/account/notifications",
  "/account/look",
];

/**
 * What a finger meets: each button, link and box with what belongs to its label. A link within a sentence is as high as the sentence, which
 * WCAG 2.5.8 allows and no layout can change; a heading that is a link is a title first.
 */
const small = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    for (const each of document.querySelectorAll<HTMLElement>("button, a[href], input, select, textarea, [role='button'], [role='checkbox'], [role='switch'], [role='radio'], [role='tab']")) {
      const style = getComputedStyle(each);
      const over = getComputedStyle(each, "::after");
      // What a link lays over its whole row is what a finger meets.
      const row = over.position === "absolute" && [over.top, over.right, over.bottom, over.left].every((side) => side === "0px") ? each.offsetParent : null;
      const target = each.closest<HTMLElement>("label") ?? row ?? each;
      const box = target.getBoundingClientRect();
      if (style.visibility === "hidden" || each.closest("[aria-hidden='true'], [inert], .hidden-visually") || box.width < 2 || box.height < 2) continue;
      if (each.tagName === "A" && style.display === "inline") continue;
      // Off the screen until it has the focus.
      if (box.bottom < 0 || box.right < 0) continue;
      if (box.height < 43.5 || box.width < 43.5) found.push(`${String(Math.round(box.width))}x${String(Math.round(box.height))} ${each.outerHTML.replace(/\s+/g, " ").slice(0, 130)}`);
    }
    return [...new Set(found)];
  });

it("gives a finger 44 pixels on a phone of 360, and scrolls nothing sideways", { timeout: 300_000 }, async () => {
  const { page, context } = await open(browser, { width: 360, height: 780 });
  await signIn(page);
  const found: Record<string, string[]> = {};
  for (const path of PAGES()) {
    await to(page, path);
    const list = await small(page);
    if (list.length > 0) found[path] = list;
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (overflow > 0) found[`${path} sideways`] = [`${String(overflow)} px`];
  }
  expect(found).toEqual({});
  await context.close();
});

it("brings the open one of a row of tabs into sight on a phone", { timeout: 120_000 }, async () => {
  const { page, context } = await open(browser, { width: 390, height: 844 });
  await signIn(page, "admin", "/calls");
  const tabs = page.getByRole("navigation", { name: "Calls" });
  for (const name of ["Campaigns", "History", "Do-not-call", "History", "Campaigns", /^In progress/]) {
    const tab = tabs.getByRole("link", { name });
    await tab.click();
    await page.waitForTimeout(300);
    const box = await tab.boundingBox();
    expect({ name: String(name), left: (box?.x ?? -1) >= 0, right: (box?.x ?? 0) + (box?.width ?? 999) <= 390 }).toEqual({ name: String(name), left: true, right: true });
  }
  await context.close();
});

it("says every state in a word or a texture, so that greyscale loses nothing", { timeout: 200_000 }, async () => {
  const { page, context } = await open(browser);
  await signIn(page);
  let badges = 0;
  let bars = 0;
  for (const path of ["/today", "/contacts", "/contacts?view=%22cards%22", `/contacts/${ids.contact}`, "/groups", "/groups/compare", `/groups/${ids.group}/analytics`, "/calls", "/calls/history"]) {
    await to(page, path);
    const seen = await page.evaluate(() => {
      const text = (each: Element) => each.textContent.trim();
      const states = [...document.querySelectorAll("[class*='badge']")].filter((each) => each.getBoundingClientRect().width > 0);
      const swatches = [...document.querySelectorAll("[class*='swatch']")].filter((each) => each.getBoundingClientRect().width > 0);
      const stacks = [...document.querySelectorAll("svg[role='img']")];
      return {
        badges: states.length,
        mute: states.filter((each) => text(each) === "").map((each) => each.outerHTML.slice(0, 120)),
        // A group's colour stands beside its name.
        alone: swatches.filter((each) => text(each.closest("li, label, a, button, h1, th") ?? each.parentElement?.parentElement ?? each) === "").map((each) => each.outerHTML.slice(0, 120)),
        bars: stacks.length,
        alike: stacks
          .filter((each) => {
            // The textures of a bar's parts, without their colours: no two are the same, and each bar says its numbers.
            const drawn = [...each.querySelectorAll("pattern")].map((pattern) => `${pattern.getAttribute("patternTransform") ?? ""}${pattern.querySelector("path")?.getAttribute("d") ?? ""}`);
            return new Set(drawn).size !== drawn.length || !/\d/.test(each.getAttribute("aria-label") ?? "");
          })
          .map((each) => each.outerHTML.slice(0, 160)),
      };
    });
    badges += seen.badges;
    bars += seen.bars;
    expect({ path, mute: seen.mute, alone: seen.alone, alike: seen.alike }).toEqual({ path, mute: [], alone: [], alike: [] });
  }
  expect(badges).toBeGreaterThan(20);
  expect(bars).toBeGreaterThan(1);
  await context.close();
});

const ADMIN = ["Business", "Call settings", "Integrations", "Team", "Privacy", "Locations", "Types and tags", "Your account"];

describe.each([
  ["a desk", 1440],
  ["a tablet", 820],
  ["a phone", 390],
] as const)("settings on %s", (_name, width) => {
  it.each([
    ["admin", ADMIN],
    ["reception", ["Your account"]],
  ] as const)("show %s what is theirs", { timeout: 120_000 }, async (who, sections) => {
    const { page, context } = await open(browser, { width, height: 900 });
    await signIn(page, who, "/settings");
    await settled(page);
    const list = page.getByRole("navigation", { name: "Settings" });
    const shown = (await list.getByRole("link").allTextContents()).map((each) => each.trim());
    expect(shown).toEqual(expect.arrayContaining([...sections]));
    for (const section of ADMIN) if (!(sections as readonly string[]).includes(section)) expect(shown).not.toContain(section);
    // Tabs at the bottom of a phone, a menu at the side of everything wider.
    const menu = page.getByRole("navigation", { name: "Main" });
    const place = await menu.first().boundingBox();
    const tabs = width < 768;
    await expect.poll(() => menu.count()).toBe(1);
    if (tabs) expect((place?.y ?? 0) + (place?.height ?? 0)).toBeGreaterThan(850);
    else expect(place?.x).toBeLessThan(60);
    if (who === "admin") {
      await list.getByRole("link", { name: "Call settings" }).click();
      await page.getByRole("heading", { name: "Reminders" }).waitFor();
    } else {
      // What is not theirs is not there by its address either.
      await to(page, "/settings/privacy");
      await expect.poll(() => page.getByText("Health data is handled strictly").count()).toBe(0);
    }
    await context.close();
  });
});
