import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asUser, clockNow, launch, open, settled, signIn } from "./browser";

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
    expect(await page.getByText("Live", { exact: true }).count()).toBe(0);
    await page.context().close();
  });
});
