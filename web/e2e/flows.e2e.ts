import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { asUser, base, clockNow, dev, launch, open, settled, signIn, violations, workingHours } from "./browser";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;
let serial = Math.floor(Math.random() * 900);

/** Somebody new, with an appointment and consent; numbers are of those kept for drama. */
async function somebody(more: object = {}): Promise<{ id: string; name: string }> {
  serial += 1;
  const letters = [...String(serial)].map((digit) => "abcdefghij"[Number(digit)]).join("");
  const when = new Date((await clockNow()).getTime() + 3 * 86_400_000).toISOString().slice(0, 10);
  // Two letters at least: hidden, one is left.
  const body = { name: `Testa ${letters}o`, phone: `+44151496${String(serial % 1000).padStart(4, "0")}`, appointment_time: `${when}T10:30`, voice_consent: { method: "verbal" }, hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true }, on_duplicate: "create_new", ...more };
  const answer = await ask("POST", "/api/contacts", body);
  if (answer.status !== 201) throw new Error(`${String(answer.status)} ${await answer.text()}`);
  return (await answer.json()) as { id: string; name: string };
}

async function signedIn(who: "admin" | "reception" | "readonly" = "admin", path = "/today", width = 1440): Promise<Page> {
  const { page } = await open(browser, { width });
  const shots = process.env.VIO_SHOTS;
  if (shots) onTestFailed(async ({ task }) => {
      await page.screenshot({ path: `${shots}/failed-${task.name.replace(/\W+/g, "-").slice(0, 40)}.png` }).catch(() => null);
    });
  await signIn(page, who, path);
  await settled(page);
  return page;
}

beforeAll(async () => {
  browser = await launch();
  await workingHours();
  ask = await asUser();
});
afterAll(() => browser.close());

describe("a session", () => {
  it("says no more than wrong, keeps no token where a script could read it, and survives a reload", async () => {
    const { page } = await open(browser);
    await page.goto(base());
    await page.getByLabel("Email address").fill("admin@riverside.example");
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("The e-mail address or password is wrong.").waitFor();
    await signIn(page);
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
    expect(kept).not.toMatch(/eyJ|rt_|vio_refresh|riverside\.example/);
    await page.reload();
    await page.getByRole("navigation", { name: "Main" }).first().waitFor();
    await page.context().close();
  });

  it("that ends puts the sign-in over the page and loses nothing that was typed", async () => {
    const page = await signedIn("reception", "/contacts/new");
    await page.getByLabel("Name", { exact: true }).fill("Half Filled");
    const reception = await asUser("reception");
    await reception("DELETE", "/api/auth/sessions?others=true");
    // The next thing the page asks is refused, and so is the renewal.
    await page.getByLabel("Phone", { exact: true }).fill("07700 900982");
    await page.getByRole("dialog", { name: "Sign in again" }).waitFor({ timeout: 30_000 });
    expect(await violations(page)).toEqual([]);
    await page.getByLabel("Email address").fill("reception@riverside.example");
    await page.getByLabel("Password").fill("Tidal-Heron-4-Lanterns");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("dialog", { name: "Sign in again" }).waitFor({ state: "detached" });
    await expect.poll(() => page.getByLabel("Name", { exact: true }).inputValue()).toBe("Half Filled");
    await page.context().close();
  });

  it("shows nobody what they may not do", async () => {
    const page = await signedIn("readonly", "/contacts");
    await expect.poll(() => page.getByRole("link", { name: "Add patient" }).count()).toBe(0);
    const name = await page.getByRole("row").nth(1).textContent();
    expect(name).toBeTruthy();
    await expect.poll(() => page.getByRole("button", { name: /^Call .* now$/ }).count()).toBe(0);
    await expect.poll(() => page.getByRole("button", { name: /^(Pause|Resume)$/ }).count()).toBe(0);
    await page.getByRole("link", { name: "Settings" }).first().click();
    await page.getByText("Your account has no settings of the business").waitFor();
    await page.context().close();
  });
});

describe("the list of people", () => {
  it("keeps filters in the address and what was searched for out of it", async () => {
    const { name } = await somebody();
    const page = await signedIn("admin", "/contacts");
    let asked = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/contacts/search")) asked += 1;
    });
    await page.getByLabel("Search patients", { exact: true }).pressSequentially(name, { delay: 15 });
    // Everybody may be in sight already: it is found when nobody else is left.
    await page.getByText(/^1 patient matches$/).waitFor();
    await page.getByRole("row", { name: new RegExp(name) }).waitFor();
    // The list, one count beside it, and what the page reads again by itself: not one a letter.
    expect(asked).toBeLessThan(name.length);
    expect(page.url()).not.toContain("Testa");
    expect(await page.title()).not.toContain("Testa");
    await page.reload();
    await page.getByText(/^1 patient matches$/).waitFor();
    await expect.poll(() => page.getByLabel("Search patients", { exact: true }).inputValue()).toBe(name);

    await page.getByRole("button", { name: "Clear all" }).click();
    await page.getByRole("checkbox", { name: "Waiting" }).click({ force: true });
    await page.waitForURL(/status=/);
    const { page: other } = await open(browser);
    await signIn(other, "admin", new URL(page.url()).pathname + new URL(page.url()).search);
    await other.getByRole("list", { name: "Filters" }).getByText("Waiting").waitFor();
    await other.context().close();
    await page.context().close();
  });

  it("is worked by keys alone: move, select a range, open, come back", async () => {
    const page = await signedIn("admin", "/contacts");
    await page.getByRole("row").nth(1).focus();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Shift+ArrowDown");
    await page.getByLabel("Selection").getByText("3 selected").waitFor();
    await page.keyboard.press("Escape");
    await page.getByLabel("Selection").waitFor({ state: "detached" });
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/contacts\/[0-9a-f-]{36}/);
    const opened = page.url().split("/").at(-1);
    await page.getByRole("navigation", { name: "Where you are" }).waitFor();
    await page.keyboard.press("Escape");
    await page.waitForURL(/\/contacts$|\/contacts\?/);
    await page.waitForFunction((id) => (document.activeElement as HTMLElement | null)?.dataset.contact === id, opened);
    await page.context().close();
  });

  it("changes many with a preview first, and takes it back", async () => {
    await somebody({ name: "Bulka One" });
    await somebody({ name: "Bulka Two" });
    const page = await signedIn("admin", "/contacts");
    await page.getByLabel("Search patients", { exact: true }).fill("Bulka");
    await page.getByText(/^2 patients match$/).waitFor();
    await page.getByRole("checkbox", { name: "Select all loaded" }).click({ force: true });
    await page.getByRole("button", { name: "Set status" }).click();
    await page.getByRole("textbox", { name: "Reason" }).fill("Tried out");
    await page.getByRole("button", { name: "See what changes" }).click();
    await page.getByText("change", { exact: false }).first().waitFor();
    await page.getByRole("button", { name: /^Change \d+$/ }).click();
    await page.getByText(/set to confirmed\./).waitFor();
    await page.getByRole("row", { name: /Bulka One.*Confirmed/s }).first().waitFor({ timeout: 15_000 });
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText(/put back/).waitFor();
    await page.getByRole("row", { name: /Bulka One.*Waiting/s }).first().waitFor({ timeout: 15_000 });
    await page.context().close();
  });
});

describe("a person", () => {
  it("is added with what is odd said before saving, and somebody alike is compared", async () => {
    const there = await somebody({ name: "Ngozi Okafor", email: "ngozi@example.org" });
    const page = await signedIn("admin", "/contacts/new");
    await page.getByLabel("Name", { exact: true }).fill("Ngozi Okafor");
    await page.getByRole("textbox", { name: "Email" }).fill("ngozi@example.org");
    await page.getByLabel("Phone", { exact: true }).fill("123");
    await page.getByLabel("Phone", { exact: true }).fill("0161 496 0999");
    await page.getByText("0161 496 0999").first().waitFor();
    await page.getByLabel("Said on the call").fill("Bring your insulin");
    await page.getByText("This cannot be saved").waitFor();
    await page.getByRole("button", { name: /^Say “/ }).first().click();
    await page.getByText("This cannot be saved").waitFor({ state: "detached" });
    await page.getByText("belong to an appointment").waitFor();
    await page.getByRole("group", { name: "Date" }).getByRole("spinbutton").first().click();
    await page.keyboard.type("10032027");
    await page.getByRole("group", { name: "Time" }).getByRole("spinbutton").first().click();
    await page.keyboard.type("1030a");
    await page.getByText("belong to an appointment").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("heading", { name: /Ngozi Okafor may already be here/ }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Save as new" }).click();
    await page.waitForURL(/\/contacts\/[0-9a-f-]{36}/);
    expect(page.url()).not.toContain(there.id);
    await page.context().close();
  });

  it("edited by two at once loses nothing", async () => {
    const { id } = await somebody({ notes: "Side door" });
    const page = await signedIn("admin", `/contacts/${id}`);
    await page.getByRole("button", { name: "Edit", exact: true }).first().click();
    await page.getByRole("textbox", { name: "Notes" }).first().fill("Front door");
    await page.getByRole("textbox", { name: "Email" }).fill("mine@example.org");
    const desk = await asUser("reception");
    const { full_name: who } = (await (await desk("GET", "/api/users/profile")).json()) as { full_name: string };
    await desk("PATCH", `/api/contacts/${id}`, { notes: "Back door" });
    // What comes after it and does not clash is not what is told of.
    await ask("PATCH", `/api/contacts/${id}`, { company_name: "Theirs Ltd" });
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("dialog", { name: new RegExp(`^${who} changed this (a moment|\\d+ minutes?) ago$`) }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("checkbox", { name: "Keep mine" }).click({ force: true });
    await page.getByRole("button", { name: "Use these values" }).click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const now = (await (await ask("GET", `/api/contacts/${id}`)).json()) as Record<string, unknown>;
    expect(now).toMatchObject({ notes: "Front door", email: "mine@example.org", company_name: "Theirs Ltd" });
    await page.context().close();
  });

  it("is called now by keys alone, followed to the result, and the second call is refused with a reason", async () => {
    const { id } = await somebody();
    await dev("sandbox/script", { default: { disconnection_reason: "user_hangup", appointment_action: "confirmed" } });
    const page = await signedIn("admin", `/contacts/${id}`);
    await page.getByRole("button", { name: "Call now" }).waitFor();
    await page.keyboard.press("c");
    const panel = page.getByRole("region", { name: "Calls you started" });
    await panel.waitFor();
    expect(await violations(page)).toEqual([]);
    for (let minute = 0; minute < 6; minute += 1) {
      await page.waitForTimeout(1500);
      if ((await panel.getByText("Confirmed").count()) > 0) break;
      await dev("clock", { advance_seconds: 30 });
    }
    await panel.getByText("Confirmed").first().waitFor({ timeout: 20_000 });
    await page.getByRole("button", { name: "Put away" }).click();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.getByRole("button", { name: "Call now" }).click();
    const title = page.getByRole("heading", { name: /^Not called/ });
    await title.waitFor();
    expect(await title.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.getByRole("button", { name: "Show all checks" }).click();
    await page.getByRole("listitem").getByText("Time since the last call").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });

  it("hides details from people who look over a shoulder", async () => {
    const { id, name } = await somebody();
    const page = await signedIn("admin", `/contacts/${id}`);
    await page.getByRole("button", { name: "Hide details" }).click();
    await expect.poll(() => page.getByRole("heading", { level: 1 }).textContent()).not.toBe(name);
    // Nor do the titles of dialogs say who it is.
    await page.getByRole("button", { name: "Add appointment" }).first().click();
    await page.getByRole("dialog", { name: /^New appointment/ }).waitFor();
    await expect.poll(() => page.getByRole("dialog").textContent()).not.toContain(name);
    await page.context().close();
  });
});

describe("hidden details", () => {
  it("are shown of the one row that somebody rests on, whose record is read for it", async () => {
    const { id, name } = await somebody();
    const page = await signedIn("admin", "/contacts?view=table");
    await page.getByRole("searchbox", { name: "Search patients" }).fill(name);
    const row = page.locator(`[role=row][data-contact="${id}"]`);
    await row.getByText(name).waitFor();
    // The list that was searched for: no row moves from under the pointer any more.
    await expect.poll(() => page.locator("[role=row][data-contact]").count()).toBe(1);
    await page.getByRole("button", { name: "Hide details" }).click();
    await row.getByText(name).waitFor({ state: "detached" });
    const read = page.waitForResponse((answer) => answer.url().endsWith(`/api/contacts/${id}`) && answer.ok());
    await row.hover();
    await read;
    await row.getByText(name).waitFor();
    await page.getByRole("heading", { level: 1 }).hover();
    await row.getByText(name).waitFor({ state: "detached" });
    // By the keyboard as well.
    await page.getByRole("columnheader").last().hover();
    await page.keyboard.press("Escape");
    await row.focus();
    await page.keyboard.press("ArrowRight");
    await row.getByText(name).waitFor();
    await page.context().close();
  });
});

describe("two keys one after another", () => {
  it("are a pair and never the second one alone, which may call somebody", async () => {
    const { id, name } = await somebody();
    // The reminder that is planned is among them, and stays alone.
    const calls = async () => ((await (await ask("GET", `/api/contacts/${id}/calls`)).json()) as { calls: { method: string; placed_at?: string | null }[] }).calls.filter((each) => each.placed_at || each.method === "manual_call_now");
    const page = await signedIn("admin", `/contacts/${id}`);
    const posted: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST" && request.url().includes("call-now")) posted.push(request.url());
    });
    await page.getByRole("button", { name: "Call now" }).waitFor();
    // No list is here that V C could show as cards; G C goes to the calls.
    await page.keyboard.press("v");
    await page.keyboard.press("c");
    await page.keyboard.press("g");
    await page.keyboard.press("c");
    await page.waitForURL(/\/calls$/);
    await page.keyboard.press("g");
    await page.keyboard.press("p");
    await page.getByLabel("Search patients", { exact: true }).fill(name);
    const row = page.getByRole("row", { name: new RegExp(name) });
    await row.waitFor();
    // In a field they are letters, and Ctrl Z takes one back there.
    await page.keyboard.press("g");
    await expect.poll(() => page.getByLabel("Search patients", { exact: true }).inputValue()).toBe(`${name}g`);
    await page.keyboard.press("Backspace");
    await row.waitFor();
    await row.focus();
    await page.keyboard.press("v");
    await page.keyboard.press("c");
    await page.waitForURL(/view=%22cards%22|view=cards/);
    await page.getByRole("heading", { level: 2, name }).waitFor();
    // The same keys there.
    await page.keyboard.press("j");
    await page.waitForFunction(() => document.activeElement?.closest("[data-place]") !== null);
    await page.keyboard.press("x");
    await page.getByLabel("Selection").getByText("1 selected").waitFor();
    await page.waitForTimeout(500);
    expect(posted).toEqual([]);
    expect(await calls()).toEqual([]);
    await page.context().close();
  });
});

describe("a group", () => {
  it("is called after a dry run, and the campaign is followed and stopped", async () => {
    const made = await Promise.all([somebody(), somebody(), somebody()]);
    const label = `Callers ${String(Date.now() % 100000)}`;
    const group = (await (await ask("POST", "/api/groups", { name: label, initial_contact_ids: made.map((each) => each.id) })).json()) as { id: string };
    const page = await signedIn("admin", `/groups/${group.id}/call`);
    for (const next of ["Next: When", "Next: Words", "See what would happen"]) await page.getByRole("button", { name: next }).click();
    await page.getByText(/people are called|person is called/).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: /^Call \d+ pe/ }).click();
    await page.waitForURL(/\/calls\/campaigns\//);
    // The page before has a heading of that name too.
    await page.getByText("Called", { exact: true }).first().waitFor();
    await page.getByRole("heading", { level: 1, name: new RegExp(label) }).waitFor();
    await settled(page);
    expect(await violations(page)).toEqual([]);
    await page.context().close();
  });
});

describe("work that needs somebody", () => {
  it("is resolved with what was done, which also sets the status", async () => {
    // A number that nobody can be reached at.
    await dev("sandbox/script", { default: { disconnection_reason: "invalid_destination" } });
    const { id } = await somebody();
    await ask("POST", `/api/contacts/${id}/call-now`, {});
    let first: { attention_id: string; contact: { id: string; name: string } } | undefined;
    for (let minute = 0; minute < 5 && !first; minute += 1) {
      await dev("clock", { advance_seconds: 60 });
      await new Promise((done) => setTimeout(done, 1_000));
      const work = (await (await ask("GET", "/api/attention?status=open&page_size=10")).json()) as { attention: NonNullable<typeof first>[] };
      first = work.attention[0];
    }
    if (!first) throw new Error("nothing needs attention");
    const page = await signedIn("admin", "/today");
    // The first one is marked without taking the focus: keys act on it at once.
    await page.locator("main a[data-row]").first().waitFor();
    expect(await page.evaluate(() => document.activeElement?.closest("li"))).toBeNull();
    await page.keyboard.press("s");
    await page.getByRole("dialog", { name: (await page.locator("main a[data-row]").first().textContent()) ?? "" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const row = page.getByRole("listitem").filter({ has: page.getByRole("link", { name: first.contact.name, exact: true }) }).filter({ has: page.getByRole("button", { name: /^More for/ }) });
    await row.first().getByRole("link", { name: first.contact.name }).focus();
    await page.keyboard.press("e");
    const sheet = page.getByRole("dialog", { name: first.contact.name });
    await sheet.waitFor();
    expect(await violations(page)).toEqual([]);
    await sheet.getByRole("button", { name: "Left a message" }).click();
    await sheet.waitFor({ state: "detached" });
    const after = (await (await ask("GET", `/api/attention/${first.attention_id}`)).json()) as { status: string };
    expect(after.status).toBe("resolved");
    await page.context().close();
  });
});
