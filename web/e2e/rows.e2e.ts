import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, base, launch, letters, open, settled, signIn, violations } from "./browser";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;

beforeAll(async () => {
  browser = await launch();
  ask = await asUser();
});
afterAll(() => browser.close());

it("goes from card to card by arrows as they lie, and to both ends", { timeout: 120_000 }, async () => {
  const { page } = await open(browser, { look: { contacts: "grid" } });
  await signIn(page, "admin", "/contacts");
  await settled(page);
  const at = () => page.evaluate(() => Number(document.activeElement?.closest<HTMLElement>("[data-place]")?.dataset.place ?? -1));
  const press = async (key: string, place: number) => {
    await page.keyboard.press(key);
    await expect.poll(at, { message: key, timeout: 5_000 }).toBe(place);
  };
  const tops = await page.locator("[data-place]").evaluateAll((cards) => cards.map((each) => Math.round(each.getBoundingClientRect().top)));
  const lanes = tops.filter((each) => each === tops[0]).length;
  expect(lanes).toBeGreaterThan(1);
  const last = Number(await page.locator("[data-place]").first().getAttribute("aria-setsize")) - 1;
  expect(last).toBeGreaterThan(20);
  await page.locator("[data-place='0'] a").first().focus();
  await press("ArrowRight", 1);
  await press("ArrowDown", 1 + lanes);
  await press("ArrowDown", 1 + 2 * lanes);
  await press("ArrowLeft", 2 * lanes);
  await press("ArrowUp", lanes);
  await press("ArrowLeft", lanes - 1);
  await press("End", last);
  await press("ArrowRight", last);
  await press("Home", 0);
  await press("ArrowUp", 0);
  // What is in the card is reached from it, and the arrows go on from there.
  await page.keyboard.press("Tab");
  expect(await at()).toBe(0);
  await press("ArrowRight", 1);
  await page.context().close();
});

it("keeps old rows as they are under a bar until those that were asked for are there", { timeout: 120_000 }, async () => {
  const { page, context } = await open(browser, { look: { contacts: "grid" } });
  await signIn(page, "admin", "/contacts");
  await settled(page);
  let slow = false;
  await context.route(/\/api\/(contacts\/search|calls\b)/, async (route) => {
    if (slow) await new Promise((done) => setTimeout(done, 1_500));
    await route.continue().catch(() => undefined);
  });
  const bar = page.locator("[data-rereading]");
  /** While others come those that were there are to be seen in full. */
  const stand = async (rows: ReturnType<typeof page.locator>, act: () => Promise<unknown>) => {
    await rows.first().waitFor();
    slow = true;
    await act();
    await bar.waitFor();
    expect(await rows.first().evaluate((row) => getComputedStyle(row).opacity)).toBe("1");
    // At this moment, not in the end.
    const skeletons = await page.locator("[class*='skeleton']").count();
    expect(skeletons).toBe(0);
    await bar.waitFor({ state: "detached" });
    slow = false;
  };
  const search = page.getByRole("searchbox", { name: "Search patients" });
  await stand(page.getByRole("article"), () => search.fill("a*"));
  await page.getByRole("radio", { name: "List" }).click();
  await settled(page);
  await stand(page.locator("[data-place] a"), () => search.fill("e*"));
  // What becomes of the list by itself has no bar: the same is read again.
  slow = true;
  const again = page.waitForRequest((request) => request.url().endsWith("/api/contacts/search"), { timeout: 40_000 });
  await ask("POST", "/api/contacts", { name: `Eve ${letters()}`, phone: `+44151496${String(Math.floor(Math.random() * 9000) + 1000)}`, on_duplicate: "create_new" });
  await again;
  await page.waitForTimeout(300);
  const bars = await bar.count();
  expect(bars).toBe(0);
  slow = false;
  await page.goto(`${base()}/calls`);
  await settled(page);
  const planned = page.getByRole("region", { name: /^Planned/ });
  await planned.getByRole("radio", { name: "All" }).click();
  await settled(page);
  if ((await planned.getByRole("listitem").count()) > 0) await stand(planned.getByRole("listitem"), () => planned.getByRole("radio", { name: "In line now" }).click());
  await context.close();
});

it("reads out what was asked for through one region, five seconds apart", { timeout: 120_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "admin", "/contacts?view=%22table%22");
  await settled(page);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Accessibility.enable");
  /** What is read out by itself, as a screen reader is given it. */
  const regions = async (): Promise<string[]> => {
    const { nodes } = await devtools.send("Accessibility.getFullAXTree");
    const known = new Map(nodes.map((node) => [node.nodeId, node]));
    type Node = (typeof nodes)[number];
    const text = (node: Node | undefined): string => (node?.role?.value === "StaticText" ? String(node.name?.value) : (node?.childIds ?? []).map((each) => text(known.get(each))).join(""));
    const live = (node: Node) => ["polite", "assertive"].includes(String(node.properties?.find(({ name }) => name === "live")?.value.value)) && !node.ignored;
    return nodes.filter((node) => ["status", "log"].includes(String(node.role?.value)) || live(node)).map(text);
  };
  // The page that was opened is read as pages are.
  expect(await regions()).toEqual([""]);
  const heard: [string, number][] = [];
  const listen = async (until: string | RegExp) => {
    await expect
      .poll(
        async () => {
          const [said = "", ...others] = await regions();
          expect(others).toEqual([]);
          if (said && heard.at(-1)?.[0] !== said) heard.push([said, Date.now()]);
          return said;
        },
        { timeout: 10_000, interval: 100 },
      )
      .toMatch(until);
  };
  await page.getByRole("searchbox", { name: "Search patients" }).fill("a*");
  await listen(/^[\d,]+ patients match\.$/);
  await page.getByRole("row").nth(1).focus();
  for (const key of ["x", "j", "x", "j", "x"]) await page.keyboard.press(key);
  await page.getByLabel("Selection").getByText("3 selected").waitFor();
  await listen(/^3 selected$/);
  expect(heard).toHaveLength(2);
  // As far apart as it takes to hear them, as exactly as it was asked.
  expect((heard[1]?.[1] ?? 0) - (heard[0]?.[1] ?? 0)).toBeGreaterThan(4_000);
  for (const path of ["/today", "/settings/privacy", "/calls", "/groups"]) {
    await page.goto(base() + path);
    await settled(page);
    expect((await regions()).length, path).toBe(1);
  }
  await page.context().close();
});

it("shows a long name whole when its row has the focus or the pointer, and says it whole", { timeout: 120_000 }, async () => {
  const name = `Wolfeschlegelsteinhausenbergerdorff Oluwaseunfunmilayo ${letters()}`;
  const made = await ask("POST", "/api/contacts", { name, phone: `+44151496${String(Math.floor(Math.random() * 9000) + 1000)}`, on_duplicate: "create_new" });
  expect(made.status, await made.clone().text()).toBe(201);
  const { page } = await open(browser);
  await signIn(page, "admin", "/contacts?view=%22table%22");
  await settled(page);
  await page.getByRole("searchbox", { name: "Search patients" }).fill(name);
  const row = page.getByRole("row", { name: new RegExp(name) });
  await page.getByText("1 patient matches").waitFor();
  await row.waitFor();
  const cut = row.locator(".truncate").first();
  expect(await cut.evaluate((words) => words.scrollWidth > words.clientWidth)).toBe(true);
  const card = page.getByRole("tooltip");
  // By keys: out of the search to the row.
  for (let press = 0; press < 40 && !(await row.evaluate((each) => each === document.activeElement)); press += 1) await page.keyboard.press("Tab");
  await card.getByText(name).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await card.waitFor({ state: "detached" });
  await cut.hover();
  await card.getByText(name).waitFor();
  // It may be pointed at, as whoever enlarges the page must, and goes when it is left.
  await card.hover();
  await page.waitForTimeout(500);
  await expect.poll(() => card.count()).toBe(1);
  await page.mouse.move(5, 5);
  await card.waitFor({ state: "detached" });
  await page.context().close();
});

it("on a phone whoever is chosen can be acted on at once: the bar is in sight, above the tabs, and takes little of a small one", async () => {
  for (const [width, height, most] of [
    [390, 844, 130],
    [320, 640, 130],
  ] as const) {
    const { page } = await open(browser, { width, height });
    await signIn(page, "admin", "/contacts?view=%22cards%22");
    await settled(page);
    await page.getByRole("checkbox", { name: /^Select (?!all)/ }).first().click({ force: true });
    const dock = page.getByRole("region", { name: "Selection" });
    await dock.getByRole("button", { name: "Groups" }).waitFor();
    const bar = (await dock.boundingBox()) ?? { y: 0, height: 0 };
    const tabs = (await page.getByRole("navigation", { name: "Main" }).boundingBox()) ?? { y: 0 };
    expect(bar.y + bar.height).toBeLessThanOrEqual(tabs.y);
    expect(bar.height).toBeLessThanOrEqual(most);
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  }
});
