import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, open, settled, signIn, violations } from "./browser";

let browser: Browser;
let receiver: Server;
let address = "";
let answer = 503;
const heard: string[] = [];

beforeAll(async () => {
  browser = await launch();
  // A program of the business's own.
  receiver = createServer((request, response) => {
    heard.push(String(request.headers["webhook-id"]));
    response.writeHead(answer).end();
  });
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/hooks`;
});
afterAll(async () => {
  receiver.close();
  await browser.close();
});

it("an address is added, its secret shown once, a sample followed to its answer and sent again, then switched off, on and removed", { timeout: 180_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "admin", "/settings/developers");
  await settled(page);
  await page.getByRole("button", { name: "Add an address" }).click();
  const dialog = page.getByRole("dialog", { name: "Add an address" });
  const add = dialog.getByRole("button", { name: "Add and show the secret" });
  await expect.poll(() => add.isDisabled()).toBe(true);
  await dialog.getByRole("textbox", { name: "Address" }).fill("not an address");
  await dialog.getByRole("checkbox", { name: /^appointment\.confirmed/ }).click({ force: true });
  await add.click();
  await page.waitForFunction(() => document.querySelector("[role='dialog'] [aria-invalid='true']") !== null);
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("textbox", { name: "Address" }).fill(address);
  await dialog.getByRole("textbox", { name: "What it is for" }).fill("The kiosk");
  await add.click();
  const secret = page.getByRole("dialog", { name: "The secret of this address" });
  const shown = (await secret.getByText(/^whsec_/).textContent()) ?? "";
  expect(shown.length).toBeGreaterThan(30);
  expect(await violations(page)).toEqual([]);
  // Not by a slip: only by saying so.
  await page.keyboard.press("Escape");
  await expect.poll(() => secret.count()).toBe(1);
  await secret.getByRole("button", { name: "I have kept it" }).click();
  await secret.waitFor({ state: "detached" });
  expect(await page.content()).not.toContain(shown);

  const card = page.getByRole("region", { name: "The kiosk" });
  await card.getByRole("button", { name: "Send a sample" }).click();
  const log = page.getByRole("dialog", { name: "Deliveries to The kiosk" });
  await log.getByText(/Answered 503 after \d+ ms/).waitFor({ timeout: 30_000 });
  expect(await violations(page)).toEqual([]);
  answer = 204;
  await log.getByRole("button", { name: /^Send again: webhook\.test/ }).click();
  await log.getByText("Delivered").first().waitFor({ timeout: 30_000 });
  // The same message, so that the program knows it has it already.
  expect(new Set(heard).size).toBe(1);
  expect(heard.length).toBeGreaterThan(1);
  await log.getByRole("button", { name: "Close" }).last().click();

  await card.getByRole("button", { name: "Switch off" }).click();
  await card.getByText("Switched off", { exact: true }).waitFor();
  await card.getByText("Somebody on your team switched it off.").waitFor();
  await expect.poll(() => card.getByRole("button", { name: "Send a sample" }).isDisabled()).toBe(true);
  await card.getByRole("button", { name: "Switch on" }).click();
  await card.getByText("On", { exact: true }).waitFor();
  await card.getByRole("button", { name: "New secret" }).click();
  await page.getByRole("dialog", { name: "Make a new secret?" }).getByRole("button", { name: "Make a new secret" }).click();
  await expect.poll(() => secret.getByText(/^whsec_/).textContent()).not.toBe(shown);
  await secret.getByRole("button", { name: "I have kept it" }).click();
  await card.getByText(/^The secret before signs too until/).waitFor();
  await card.getByRole("button", { name: "Remove The kiosk" }).click();
  await page.getByRole("alertdialog", { name: "Remove this address?" }).getByRole("button", { name: "Remove" }).click();
  await card.waitFor({ state: "detached" });
  await page.context().close();
});
