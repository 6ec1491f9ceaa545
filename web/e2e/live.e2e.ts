import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asUser, clockNow, dev, launch, open, settled, signIn, workingHours } from "./browser";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;

beforeAll(async () => {
  browser = await launch();
  ask = await asUser();
});
afterAll(() => browser.close());

interface Made {
  id: string;
  name: string;
}

async function patient(name: string, phone: string): Promise<Made> {
  const soon = new Date((await clockNow()).getTime() + 3 * 3_600_000);
  const answer = await ask("POST", "/api/contacts", { name, phone, appointment_time: soon.toISOString().slice(0, 16), timezone: "UTC", on_duplicate: "create_new" });
  return (await answer.json()) as Made;
}

async function confirm({ id }: Made): Promise<void> {
  const answer = await ask("PATCH", `/api/contacts/${id}`, { appointment_status: "confirmed", reason: "Rang us" });
  expect(answer.status).toBe(200);
}

/** The patient's page, with how the connection stands, and how long a confirmation took to be seen, in ms. */
async function confirmedWithin(page: Page, who: Made): Promise<number> {
  await settled(page);
  await page.getByText("Waiting").first().waitFor();
  const begun = performance.now();
  await confirm(who);
  await page.getByText("Confirmed").first().waitFor();
  return performance.now() - begun;
}

describe("what changes elsewhere", () => {
  it("is seen at once over the socket", async () => {
    const who = await patient("Livia Socket", "+441514960556");
    const { page } = await open(browser);
    await signIn(page, "admin", `/contacts/${who.id}`);
    await page.getByText("Live", { exact: true }).first().waitFor({ state: "attached" });
    // Asking by itself the page would see it within fifteen seconds.
    expect(await confirmedWithin(page, who)).toBeLessThan(5_000);
    await page.context().close();
  });

  it("is seen within five seconds where sockets are blocked", async () => {
    const who = await patient("Blaise Blocked", "+441514960557");
    const { page } = await open(browser);
    await page.addInitScript(() => {
      const blocked = (): never => {
        throw new DOMException("blocked", "SecurityError");
      };
      Object.defineProperty(window, "WebSocket", { value: blocked });
    });
    await signIn(page, "admin", `/contacts/${who.id}`);
    await page.getByText("Updating every 4 s").first().waitFor({ state: "attached" });
    expect(await confirmedWithin(page, who)).toBeLessThan(5_500);
    await expect.poll(() => page.getByText("Live", { exact: true }).count()).toBe(0);
    await page.context().close();
  });
});

/** What the console calls each state. */
const WORDS: Record<string, string> = { ringing: "Ringing", answered: "Talking", completed: "Confirmed" };

describe("a call that somebody started", () => {
  it("shows each state within a second of when the API knows it", { timeout: 180_000 }, async () => {
    await workingHours();
    ask = await asUser();
    await dev("sandbox/script", { default: { disconnection_reason: "user_hangup", appointment_action: "confirmed" } });
    const consented = { voice_consent: { method: "verbal" }, hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true } };
    const who = await patient("Selma Second", "+441514960558");
    expect((await ask("PATCH", `/api/contacts/${who.id}`, { ...consented, on_duplicate: "create_new" })).status).toBe(200);
    const { page } = await open(browser);
    await signIn(page, "admin", `/contacts/${who.id}`);
    await settled(page);
    await page.evaluate(() => {
      const seen: Record<string, number> = {};
      (window as unknown as { seen: typeof seen }).seen = seen;
      const look = () => {
        const word = document.querySelector("[aria-label='Calls you started'] li button [class*='badge']")?.textContent.trim();
        if (word) seen[word] ??= Date.now();
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    const answer = page.waitForResponse((each) => each.url().endsWith("/call-now") && each.ok());
    await page.getByRole("button", { name: "Call now" }).click();
    const { session_id: session } = (await (await answer).json()) as { session_id: string };
    const known: Record<string, number> = {};
    let moved = Date.now();
    for (let tries = 0; tries < 1_200 && known.completed === undefined; tries += 1) {
      const { status } = (await (await ask("GET", `/api/calls/${session}`)).json()) as { status: string };
      known[status] ??= Date.now();
      // What passes by itself is waited for; a conversation is not.
      const slow = status === "answered" ? 1_500 : 6_000;
      if (Date.now() - moved > slow) {
        moved = Date.now();
        await dev("clock", { advance_seconds: status === "answered" ? 5 : 2 });
      }
      await page.waitForTimeout(150);
    }
    await page.waitForTimeout(1_500);
    const seen = await page.evaluate(() => (window as unknown as { seen: Record<string, number> }).seen);
    for (const [status, word] of Object.entries(WORDS)) {
      expect({ status, known: known[status] !== undefined, seen: seen[word] !== undefined }, JSON.stringify({ known, seen })).toEqual({ status, known: true, seen: true });
      expect((seen[word] ?? 0) - (known[status] ?? 0), `${word}: how much later than the API`).toBeLessThan(1_000);
    }
    await page.context().close();
  });
});
