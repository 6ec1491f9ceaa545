import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { api, asUser, launch, open, settled, signIn, violations } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  await (await asUser())("PATCH", "/api/settings/integrations", { email: { enabled: false } });
});
afterAll(() => browser.close());

it("an email to somebody who agreed is written, sent and among what happened; who did not agree is not written to", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const address = `emma${String(Math.floor(Math.random() * 1e6))}@example.com`;
  const person = async (name: string, agreed: boolean) => {
    const made = await ask("POST", "/api/contacts", { name, phone: `+44151496${String(Math.floor(Math.random() * 9000) + 1000)}`, email: address, preferences: { email_opt_in: agreed }, on_duplicate: "create_new" });
    expect(made.status, await made.clone().text()).toBe(201);
    return ((await made.json()) as { id: string }).id;
  };
  const [yes, no] = [await person("Emma Email", true), await person("Norman Never", false)];
  const { page } = await open(browser, { width: 390, height: 844 });
  await signIn(page, "reception", `/contacts/${yes}`);
  await settled(page);
  await page.getByRole("button", { name: "Write", exact: true }).click();
  await page.getByRole("menuitem", { name: "Send an email" }).click();
  const dialog = page.getByRole("dialog", { name: "Email Emma Email" });
  await dialog.getByLabel("Subject").fill("Your visit");
  await expect.poll(() => dialog.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
  await dialog.getByLabel("Message").fill("a".repeat(4_001));
  await dialog.getByText("1 character too many.").waitFor();
  await dialog.getByLabel("Message").fill("The entrance is in the courtyard.\n\nSee you soon.");
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Send" }).click();
  // Refused with what to do, and nothing that was typed is lost.
  await dialog.getByText("Not sent. Your text is still here.").waitFor();
  await dialog.getByText("Complete the settings under Integrations.").waitFor();
  expect(await violations(page)).toEqual([]);
  const set = await ask("PATCH", "/api/settings/integrations", { email: { enabled: true } });
  expect(set.status, await set.clone().text()).toBe(200);
  await dialog.getByRole("button", { name: "Send" }).click();
  await page.getByText("The email is on its way.").waitFor();
  for (let tries = 0; ; tries += 1) {
    const { messages } = (await (await fetch(`${api()}/dev/outbox?channel=email`)).json()) as { messages: { to: string; subject: string; body: string }[] };
    const sent = messages.find((each) => JSON.stringify(each.to).includes(address));
    if (sent) {
      expect(sent.subject).toBe("Your visit");
      expect(sent.body).toContain("The entrance is in the courtyard.");
      break;
    }
    if (tries > 40) throw new Error("the email did not reach anybody");
    await page.waitForTimeout(500);
  }
  await page.evaluate((to) => {
    history.pushState({}, "", to);
    dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  }, `/contacts/${no}`);
  await page.getByRole("heading", { level: 1, name: "Norman Never" }).waitFor();
  await settled(page);
  await expect.poll(() => page.getByRole("button", { name: "Write", exact: true }).count()).toBe(0);
  await page.context().close();
});
