import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, launch, letters, open, settled, signIn, violations } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it("the list that is shown is downloaded as it is filtered, and the audit trail says so", { timeout: 120_000 }, async () => {
  const { page, problems } = await open(browser);
  await signIn(page, "admin", "/contacts?status=%5B%22pending%22%5D&sort=%5B%22name%22%5D");
  await settled(page);
  const said = (await page.getByText(/^[\d,]+ patients match$/).textContent()) ?? "";
  const total = Number(said.replace(/\D/g, ""));
  expect(total).toBeGreaterThan(1);
  await page.getByRole("button", { name: "More for patients" }).click();
  await page.getByRole("menuitem", { name: "Download this list" }).click();
  const dialog = page.getByRole("dialog", { name: "Download this list" });
  await dialog.getByText("audit trail").waitFor();
  expect(await violations(page)).toEqual([]);
  const coming = page.waitForEvent("download");
  await dialog.getByRole("button", { name: `Download ${String(total)} patients` }).click();
  const file = await coming;
  expect(file.suggestedFilename()).toMatch(/^patients-\d{4}-\d\d-\d\d\.csv$/);
  // What is in quotation marks may be of several lines.
  const lines = readFileSync(await file.path(), "utf8").replace(/"(?:[^"]|"")*"/g, "quoted").trim().split(/\r?\n/);
  expect(lines[0]).toMatch(/^name,phone,email/);
  expect(lines.length - 1).toBe(total);
  expect(lines.filter((line) => /,'\+\d+,/.test(line)).length).toBeGreaterThan(total / 2);
  await page.getByText("The file is among your downloads.").waitFor();
  expect([...new Set(problems)]).toEqual([]);
  const ask = await asUser();
  const audit = (await (await ask("GET", "/api/audit?page_size=50")).json()) as { entries: { action: string }[] };
  expect(audit.entries.some((each) => each.action === "contacts.exported")).toBe(true);
  await page.context().close();
});

it("a selection is downloaded, and nobody else", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const name = `Selina ${letters()}`;
  for (let place = 0; place < 3; place += 1) {
    const phone = `+44151496${String(Math.floor(Math.random() * 9000) + 1000)}`;
    expect((await ask("POST", "/api/contacts", { name: `${name} ${["Uno", "Due", "Tre"][place] ?? ""}`, phone, on_duplicate: "create_new" })).status).toBe(201);
  }
  const { page } = await open(browser);
  await signIn(page, "admin", "/contacts");
  await page.getByLabel("Search patients", { exact: true }).fill(name);
  await page.getByText(/^3 patients match$/).waitFor();
  for (const each of ["Uno", "Tre"]) await page.getByRole("row", { name: new RegExp(`${name} ${each}`) }).getByRole("checkbox").click({ force: true });
  await page.getByLabel("Selection").getByText("2 selected").waitFor();
  await page.getByRole("button", { name: "More for the selection" }).click();
  await page.getByRole("menuitem", { name: "Download the selection" }).click();
  const dialog = page.getByRole("dialog", { name: "Download the selection" });
  await dialog.getByText("exactly those you chose").waitFor();
  expect(await violations(page)).toEqual([]);
  const coming = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download 2 patients" }).click();
  const lines = readFileSync(await (await coming).path(), "utf8").trim().split(/\r?\n/);
  expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual([`${name} Uno`, `${name} Tre`]);
  await page.context().close();
});

it("a file that cannot be made is said to, and who may not make one is not offered it", { timeout: 120_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "admin", "/groups");
  await settled(page);
  const ask = await asUser();
  const { groups } = (await (await ask("GET", "/api/groups")).json()) as { groups: { id: string; contact_count: number }[] };
  const group = groups.find((each) => each.contact_count > 0);
  await page.evaluate((to) => {
    history.pushState({}, "", to);
    dispatchEvent(new PopStateEvent("popstate", { state: {} }));
  }, `/groups/${group?.id ?? ""}`);
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await page.context().setOffline(true);
  await page.getByRole("button", { name: `Download ${String(group?.contact_count ?? 0)} patients` }).click();
  await page.getByText(/No file was made/).waitFor();
  await page.context().setOffline(false);
  await page.context().close();

  const other = (await open(browser)).page;
  await signIn(other, "readonly", "/contacts");
  await settled(other);
  await other.getByRole("button", { name: "More for patients" }).click();
  await other.getByRole("menuitem", { name: "Duplicates" }).waitFor();
  await expect.poll(() => other.getByRole("menuitem", { name: "Download this list" }).count()).toBe(0);
  await other.context().close();
});
