import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asUser, launch, open, settled, signIn, violations } from "./browser";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;
const ids = { contact: "", group: "" };

beforeAll(async () => {
  browser = await launch();
  ask = await asUser();
  const made = await ask("POST", "/api/contacts", { name: "Lasta Ing", phone: "+441514960017", notes: "Side door", on_duplicate: "create_new" });
  ids.contact = ((await made.json()) as { id: string }).id;
  const group = await ask("POST", "/api/groups", { name: `Lasting ${String(Date.now() % 100_000)}`, initial_contact_ids: [ids.contact] });
  ids.group = ((await group.json()) as { id: string }).id;
});
afterAll(() => browser.close());

/** With a clock of its own a page's time can be sent ahead, so that nobody waits for it. */
async function signedIn(path: string, clock: "real" | "own" = "real"): Promise<Page> {
  const { page } = await open(browser);
  if (clock === "own") await page.clock.install();
  // The browser's own question before a page with something typed is left.
  page.on("dialog", (dialog) => void dialog.accept());
  await signIn(page, "admin", path);
  await settled(page);
  return page;
}

const forms = (page: Page): Promise<string[]> => page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith("vio.form.")));
const everywhere = (page: Page): Promise<string> => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));

describe("a half-filled form", () => {
  it("of somebody new survives a reload and can be discarded; it is nowhere but in this tab", async () => {
    const page = await signedIn("/contacts/new");
    await page.getByLabel("Name", { exact: true }).fill("Halfa Filled");
    await page.getByRole("button", { name: /Notes, groups, priority/ }).click();
    await page.getByRole("textbox", { name: "Notes optional", exact: true }).fill("Rings twice");
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage }) + location.href + document.cookie)).not.toContain("Halfa");
    await page.reload();
    await page.getByText("Restored draft").waitFor();
    await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("Halfa Filled");
    await expect.poll(() => page.getByRole("textbox", { name: "Notes optional", exact: true }).inputValue()).toBe("Rings twice");
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Discard it" }).click();
    await page.getByText("Restored draft").waitFor({ state: "detached" });
    await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("");
    expect(await forms(page)).toEqual([]);
    await page.context().close();
  });

  it("is forgotten when it is left, when it is saved, and when somebody signs out", async () => {
    const page = await signedIn("/contacts/new");
    await page.getByLabel("Name", { exact: true }).fill("Lefta Alone");
    expect(await forms(page)).toHaveLength(1);
    await page.getByRole("link", { name: "Today" }).first().click();
    await page.getByLabel("Name", { exact: true }).waitFor({ state: "detached" });
    expect(await everywhere(page)).not.toContain("Lefta");

    await page.goto(new URL("/contacts/new", page.url()).href);
    await page.getByLabel("Name", { exact: true }).fill("Savea Donea");
    await page.getByLabel("Phone", { exact: true }).fill(`0151 496 0${String(100 + Math.floor(Math.random() * 800))}`);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.waitForURL(/\/contacts\/[0-9a-f-]{36}/);
    expect(await everywhere(page)).not.toContain("Savea");

    await page.goto(new URL("/contacts/new", page.url()).href);
    await page.getByLabel("Name", { exact: true }).fill("Outa Here");
    await page.getByRole("button", { name: /your account/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to VioConcierge" }).waitFor();
    expect(await everywhere(page)).not.toContain("Outa");
    await page.context().close();
  });

  it("goes from the tab's storage when the session ends, and stays on the page", async () => {
    const page = await signedIn("/contacts/new");
    await page.getByLabel("Name", { exact: true }).fill("Idla Away");
    expect(await forms(page)).toHaveLength(1);
    // Nobody did anything for longer than the profile allows.
    await page.evaluate(() => localStorage.setItem("vio.active", "1"));
    await page.getByRole("dialog", { name: "Sign in again" }).waitFor({ timeout: 20_000 });
    expect(await everywhere(page)).not.toContain("Idla");
    await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("Idla Away");
    await page.context().close();
  });

  it("is warned of before the session ends by a question that waits for its answer", { timeout: 120_000 }, async () => {
    const page = await signedIn("/contacts/new", "own");
    await page.getByLabel("Name", { exact: true }).fill("Warna Early");
    const { session_timeout: hours } = (await (await ask("GET", "/api/users/profile")).json()) as { session_timeout: number };
    // A minute and a half are left of the time that somebody may do nothing.
    await page.evaluate((most) => localStorage.setItem("vio.active", String(Date.now() - most * 3_600_000 + 90_000)), hours);
    const warning = page.getByRole("alertdialog", { name: "Still here?" });
    await page.clock.runFor(6_000);
    await warning.waitFor({ timeout: 15_000 });
    expect(await violations(page)).toEqual([]);
    await page.clock.runFor(12_000);
    await expect.poll(() => warning.count()).toBe(1);
    await warning.getByRole("button", { name: "Stay signed in" }).click();
    await warning.waitFor({ state: "detached" });
    await page.clock.runFor(6_000);
    await expect.poll(() => warning.count()).toBe(0);
    await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("Warna Early");
    // Without an answer it ends, and what was typed is there.
    await page.evaluate((most) => localStorage.setItem("vio.active", String(Date.now() - most * 3_600_000 + 12_000)), hours);
    await page.clock.runFor(6_000);
    await warning.waitFor({ timeout: 15_000 });
    await page.clock.runFor(12_000);
    await page.getByRole("dialog", { name: "Sign in again" }).waitFor({ timeout: 30_000 });
    await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("Warna Early");
    await page.context().close();
  });

  it("of an edit opens again with what was changed, under the version it began with", async () => {
    const page = await signedIn(`/contacts/${ids.contact}`);
    await page.getByRole("button", { name: "Edit", exact: true }).first().click();
    await page.getByRole("textbox", { name: "Notes" }).first().fill("Front door");
    await page.reload();
    const sheet = page.getByRole("dialog", { name: /^Edit / });
    await sheet.getByText("Restored draft").waitFor();
    expect(await violations(page)).toEqual([]);
    // It was changed elsewhere meanwhile: that is not overwritten.
    await ask("PATCH", `/api/contacts/${ids.contact}`, { notes: "Back door" });
    await sheet.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("dialog", { name: "You changed this a moment ago" }).waitFor();
    await page.context().close();
  });

  it("of a campaign keeps its options", async () => {
    const page = await signedIn(`/groups/${ids.group}/call`);
    for (const next of ["Next: When", "Next: Words"]) await page.getByRole("button", { name: next }).click();
    await page.getByRole("textbox", { name: "Words added to the call" }).fill("We have moved to the first floor.");
    await page.reload();
    await page.getByText("Restored draft").waitFor();
    await expect.poll(() => page.getByRole("textbox", { name: "Words added to the call" }).inputValue()).toBe("We have moved to the first floor.");
    // The step that was open is open again; discarded, all begins anew.
    await page.getByRole("button", { name: "Discard it" }).click();
    for (const next of ["Next: When", "Next: Words"]) await page.getByRole("button", { name: next }).click();
    await expect.poll(() => page.getByRole("textbox", { name: "Words added to the call" }).inputValue()).toBe("");
    await page.context().close();
  });
});

/** Until the code of the other pages is here, which comes five seconds after the first. */
async function othersHere(page: Page): Promise<void> {
  await page.clock.runFor(5_500);
  // They come one by one, and this is the last.
  const last = page.locator("link[rel='modulepreload'][href*='/AccountPage-']");
  await last.waitFor({ state: "attached" });
  await last.evaluate(async (link: HTMLLinkElement) => (await fetch(link.href)).text());
}

describe("without a connection", () => {
  it("what was read stays and is called old, changes are refused with a sentence, and all is read again afterwards", async () => {
    const page = await signedIn("/contacts", "own");
    await page.getByRole("row").nth(1).waitFor();
    await page.goto(new URL(`/contacts/${ids.contact}`, page.url()).href);
    await page.getByRole("heading", { level: 1, name: "Lasta Ing" }).waitFor();
    await othersHere(page);
    await page.context().setOffline(true);
    await page.getByText(/No connection since \d/).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("heading", { level: 1, name: "Lasta Ing" }).waitFor();
    await page.getByRole("button", { name: "Edit", exact: true }).first().click();
    const sheet = page.getByRole("dialog", { name: /^Edit / });
    await sheet.getByRole("textbox", { name: "Email" }).fill("later@example.org");
    await sheet.getByRole("button", { name: "Save", exact: true }).click();
    await sheet.getByText("Not saved. No connection.").waitFor();
    await expect.poll(() => sheet.getByRole("textbox", { name: "Email" }).inputValue()).toBe("later@example.org");

    // Meanwhile somebody else, who has one, changes the name.
    await ask("PATCH", `/api/contacts/${ids.contact}`, { name: "Lasta Changed" });
    await page.context().setOffline(false);
    await page.getByText(/No connection since/).waitFor({ state: "detached", timeout: 15_000 });
    await page.locator("h1", { hasText: "Lasta Changed" }).waitFor({ timeout: 15_000 });
    await expect.poll(() => sheet.getByRole("textbox", { name: "Email" }).inputValue()).toBe("later@example.org");
    // The name merges by itself; saving twice is all it takes.
    await sheet.getByRole("button", { name: "Save", exact: true }).click();
    await sheet.getByText("A colleague changed this record").waitFor();
    await sheet.getByRole("button", { name: "Save", exact: true }).click();
    await sheet.waitFor({ state: "detached" });
    const after = (await (await ask("GET", `/api/contacts/${ids.contact}`)).json()) as Record<string, unknown>;
    expect(after).toMatchObject({ email: "later@example.org", name: "Lasta Changed" });
    await page.context().close();
  });

  it("a page that was not read before says so, and fills itself when the connection is back", async () => {
    const page = await signedIn("/today", "own");
    await othersHere(page);
    await page.context().setOffline(true);
    await page.getByText(/No connection since \d/).waitFor();
    await page.getByRole("link", { name: "Groups" }).first().click();
    await page.getByText("This was not read before the connection went.").first().waitFor();
    await page.context().setOffline(false);
    await page.getByRole("link", { name: /Lasting/ }).first().waitFor({ timeout: 15_000 });
    await page.context().close();
  });
});
