import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, base, dev, enlarge, launch, open, settled, signIn } from "./browser";
import { muchToTell } from "./clinics";
import { MOST, seenOn, watch } from "./measure";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;

/** The same question takes as long each time, and each another time: what is asked first does not come first. */
const wait = (what: string, seed: number): number => [...what].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0) + seed) % 997, 7) % 600;

/** Has the answers come late, each round in another order. */
async function slowly(context: BrowserContext): Promise<(round: number) => void> {
  let seed = 0;
  await context.route("**/api/**", async (route) => {
    const request = route.request();
    await new Promise((done) => setTimeout(done, wait(`${request.url()}${request.postData() ?? ""}`, seed)));
    // Nobody waits any more for what a page asked that was left.
    await route.continue().catch(() => undefined);
  });
  return (round) => {
    seed = round;
  };
}

/** What is on the work list. */
async function listed(): Promise<string> {
  const answer = await ask("GET", "/api/attention?status=open&page_size=100");
  return ((await answer.json()) as { attention: { attention_id: string }[] }).attention.map((each) => each.attention_id).join();
}

beforeAll(async () => {
  browser = await launch();
  await muchToTell();
  ask = await asUser();
}, 300_000);
afterAll(async () => {
  await dev("sandbox/script", { default: { disconnection_reason: "agent_hangup", appointment_action: "confirmed" } });
  await browser.close();
});

async function arrive(page: Page): Promise<void> {
  await page.goto("about:blank");
  await page.goto(`${base()}/today`);
  await page.getByRole("heading", { name: /^Today’s appointments/ }).waitFor();
  await page.getByRole("heading", { name: /^Next calls/ }).waitFor();
  await settled(page);
  await page.waitForTimeout(1_000);
}

/** Names of the work list that lie on what stands beside or under them. */
const covered = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("main a[data-row]")].flatMap((name) => {
      const words = document.createRange();
      words.selectNodeContents(name);
      const [own, next] = [words.getBoundingClientRect(), name.nextElementSibling?.getBoundingClientRect()];
      return next && next.left < own.right && next.top < own.bottom - 3 ? [name.textContent] : [];
    }),
  );

it.each([
  [1440, 900, 100],
  [1024, 768, 100],
  [820, 1180, 100],
  [390, 844, 100],
  [390, 844, 200],
])("a morning with much to tell keeps its place at %i x %i with text of %i per cent, in whatever order the answers come", { timeout: 180_000 }, async (width, height, text) => {
  const { page, context } = await open(browser, { width, height });
  await enlarge(page, text);
  await watch(context);
  await signIn(page);
  await page.getByText(/^Talking|^Ringing|^Starting/).first().waitFor();
  const found: string[] = [];
  const order = await slowly(context);
  for (const round of [1, 2]) {
    order(round);
    // Somebody whose call fails meanwhile comes in at their place, which is news and not a page that moves.
    for (let tries = 0; tries < 6; tries += 1) {
      const before = await listed();
      await arrive(page);
      if ((await listed()) === before) break;
      expect(tries).toBeLessThan(5);
    }
    // There is much to tell: each of these pushed something down.
    for (const name of [/^Snoozed/, /^Nobody’s/]) await expect.poll(() => page.getByRole("radio", { name }).count()).toBe(1);
    await expect.poll(() => page.getByRole("region", { name: /^Since you closed/ }).getByText(/needs? attention$/).count()).toBe(1);
    expect(await covered(page)).toEqual([]);
    const { cls, shifted } = await seenOn(page);
    process.stdout.write(`Today at ${String(width)}, text ${String(text)} %: CLS ${cls.toFixed(4)}\n${shifted.map((each) => `    ${each}\n`).join("")}`);
    if (cls > MOST.cls) found.push(`${String(cls)}: ${shifted.join("; ")}`);
  }
  expect(found).toEqual([]);
  await context.close();
});
