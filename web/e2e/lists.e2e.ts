import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, base, clockNow, launch, letters, open, settled, signIn, violations } from "./browser";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;

beforeAll(async () => {
  browser = await launch();
  ask = await asUser();
});
afterAll(async () => {
  await ask("PATCH", "/api/users/preferences", { contact_columns: null });
  await browser.close();
});

it("is sorted by several columns, with columns and widths that a reload and another browser keep", { timeout: 120_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "admin", "/contacts?view=%22table%22");
  await settled(page);
  const heading = (name: string) => page.getByRole("columnheader", { name: new RegExp(`^${name}`) });
  await heading("Status").getByRole("button").click();
  await heading("Appointment").getByRole("button").click({ modifiers: ["Shift"] });
  await page.waitForURL(/sort=/);
  expect(decodeURIComponent(page.url())).toContain('sort=["status","appointment_time"]');
  await expect.poll(() => heading("Status").getAttribute("aria-sort")).toBe("ascending");
  await expect.poll(() => heading("Appointment").getAttribute("aria-sort")).toBe("ascending");

  await page.getByRole("button", { name: "Columns" }).click();
  const dialog = page.getByRole("dialog", { name: "Columns" });
  await dialog.getByText("Last spoken to", { exact: true }).click();
  await dialog.getByRole("button", { name: /Width of Status/ }).click();
  await page.getByRole("option", { name: "Wide" }).click();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Done" }).click();
  // Kept a moment after each change, whether the dialog is closed by then or not.
  const widths = async () => Object.keys(((await (await ask("GET", "/api/users/preferences")).json()) as { contact_columns: { widths: object } | null }).contact_columns?.widths ?? {});
  await expect.poll(widths, { timeout: 10_000 }).not.toEqual([]);
  const wide = (await heading("Status").boundingBox())?.width ?? 0;
  await page.reload();
  await heading("Last spoken to").waitFor();
  expect((await heading("Status").boundingBox())?.width).toBeCloseTo(wide, 0);
  const other = (await open(browser)).page;
  await signIn(other, "admin", "/contacts?view=%22table%22");
  await other.getByRole("columnheader", { name: /^Last spoken to/ }).waitFor();
  await page.context().close();
  await other.context().close();
});

it("shows the people of one industry, kept in the address", { timeout: 120_000 }, async () => {
  const name = `Indira ${letters()}`;
  const phone = `+44151496${String(Math.floor(Math.random() * 9000) + 1000)}`;
  expect((await ask("POST", "/api/contacts", { name, phone, industry: "legal", on_duplicate: "create_new" })).status).toBe(201);
  const { total_contacts: total } = ((await (await ask("POST", "/api/contacts/search", { industry: ["legal"], page_size: 10 })).json()) as { pagination: { total_contacts: number } }).pagination;
  const { page } = await open(browser);
  await signIn(page, "admin", "/contacts");
  await settled(page);
  const filters = page.getByRole("complementary", { name: "Filters" });
  await filters.getByRole("button", { name: "Industry" }).click();
  await filters.getByRole("checkbox", { name: "Legal" }).click({ force: true });
  await page.getByRole("list", { name: "Filters" }).getByText("Legal").waitFor();
  await page.getByText(new RegExp(`^${String(total)} patients? match(es)?$`)).waitFor();
  await page.getByRole("row", { name: new RegExp(name) }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.reload();
  await page.getByText(new RegExp(`^${String(total)} patients? match(es)?$`)).waitFor();
  await page.context().close();
});

it("a part of a day's bar leads to the people it counts, by mouse and by keys", { timeout: 120_000 }, async () => {
  const soon = new Date((await clockNow()).getTime() + 6 * 60_000).toISOString().slice(0, 16);
  const made = await ask("POST", "/api/contacts", { name: `Barred ${letters()}`, phone: `+44151496${String(Math.floor(Math.random() * 9000) + 1000)}`, appointment_time: soon, timezone: "UTC", on_duplicate: "create_new" });
  expect(made.status, await made.clone().text()).toBe(201);
  const { page } = await open(browser);
  await signIn(page);
  await settled(page);
  expect(await violations(page)).toEqual([]);
  const part = page.getByRole("link", { name: /^Today: \d[\d,]* waiting$/ });
  const counted = /(\d[\d,]*) waiting/.exec((await part.getAttribute("aria-label")) ?? "")?.[1] ?? "none";
  for (const way of ["mouse", "keys"]) {
    if (way === "mouse") await part.click();
    else {
      // The next stop after it is another part, or the first number.
      await part.focus();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Shift+Tab");
      expect(await part.evaluate((each) => each === document.activeElement)).toBe(true);
      await page.keyboard.press("Enter");
    }
    await page.waitForURL(/contacts\?.*status=/);
    expect(decodeURIComponent(page.url())).toContain('status=["pending"]');
    await page.getByText(new RegExp(`^${counted} patients? match(es)?$`)).waitFor();
    await page.goBack();
    await part.waitFor();
  }
  await page.context().close();
});

it("a click on a status shows only those, the list is kept under a name, and its counts move by themselves", { timeout: 120_000 }, async () => {
  const name = `List ${letters()}`;
  const { page } = await open(browser, { look: { contacts: "grid" } });
  await signIn(page, "admin", "/contacts");
  await settled(page);
  // Somebody new waits, too: the count that is watched below goes up.
  const card = page.getByRole("article").filter({ has: page.getByText("Waiting", { exact: true }) }).first();
  await card.getByText(/^(Last spoken to|Never spoken to)/).waitFor();
  await card.getByRole("link", { name: "Groups" }).waitFor();
  await card.getByTitle("Show only these").click();
  await page.waitForURL(/status=/);
  await settled(page);
  await page.getByRole("button", { name: "Save these filters as a list" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill(name);
  await page.getByRole("dialog").getByRole("button", { name: /^Save/ }).click();
  await page.getByRole("navigation", { name: "Lists" }).getByText(name).waitFor();

  const other = (await open(browser)).page;
  await signIn(other, "admin", "/contacts");
  await other.getByRole("navigation", { name: "Lists" }).getByText(name).click();
  await settled(other);
  const shown = other.getByText(/patients? match/);
  const before = Number(((await shown.textContent()) ?? "").replace(/\D/g, ""));
  // Said without a reload when somebody adds one elsewhere.
  const made = await ask("POST", "/api/contacts", { name: `Newa ${letters()}`, phone: `+44151496${String(Math.floor(Math.random() * 9000) + 1000)}`, on_duplicate: "create_new" });
  expect(made.status).toBe(201);
  await other.getByText(`${String(before + 1)} patients match`).waitFor({ timeout: 15_000 });
  await page.context().close();
  await other.context().close();
});

it("is searched once for what is typed fast, and not for one letter", { timeout: 120_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "admin", "/contacts");
  await settled(page);
  // How long what was found is, by the marks of the answers: shorter ones would be those of a search for less.
  const marked: number[] = [];
  page.on("response", (answer) => {
    if (!answer.url().endsWith("/api/contacts/search") || !answer.ok()) return;
    void answer.json().then((found: { contacts?: { matches?: { start: number; end: number }[] }[] }) => {
      const first = found.contacts?.flatMap((each) => each.matches ?? [])[0];
      if (first) marked.push(first.end - first.start);
    });
  });
  const field = page.getByRole("searchbox", { name: "Search patients" });
  await field.pressSequentially("a", { delay: 20 });
  await page.waitForTimeout(900);
  expect(marked).toEqual([]);
  await field.pressSequentially("lice", { delay: 40 });
  await page.locator("mark").first().waitFor();
  await settled(page);
  expect([...new Set(marked)]).toEqual(["alice".length]);
  await page.context().close();
});

it("is chosen from by Shift-click; who was chosen by a filter is not ticked under another", { timeout: 120_000 }, async () => {
  const { page } = await open(browser);
  await signIn(page, "admin", "/contacts?view=%22table%22&status=%5B%22pending%22%5D");
  await settled(page);
  const selection = page.getByRole("region", { name: "Selection" });
  const rows = page.getByRole("row");
  await rows.nth(1).getByRole("checkbox").click({ force: true });
  await rows.nth(3).getByRole("checkbox").click({ force: true, modifiers: ["Shift"] });
  await selection.getByText("3 selected").waitFor();
  await rows.nth(5).getByRole("gridcell").nth(1).click({ modifiers: ["Shift"] });
  await selection.getByText("5 selected").waitFor();
  await selection.getByRole("button", { name: /^Select all/ }).click();
  await expect.poll(() => rows.nth(6).getAttribute("aria-selected")).toBe("true");
  await page.getByRole("button", { name: "Clear all" }).click();
  await selection.getByText(/selected by another filter/).waitFor();
  await expect.poll(() => rows.nth(1).getAttribute("aria-selected")).toBe("false");
  await page.context().close();
});

it("chosen one by one stay chosen under another filter, and it is said who is not shown", { timeout: 120_000 }, async () => {
  const mark = letters();
  const made = [];
  for (const name of [`Stays ${mark}`, `Leavesa ${mark}`, `Leavesb ${mark}`]) {
    const answer = await ask("POST", "/api/contacts", { name, phone: `+44151496${String(Math.floor(Math.random() * 9000) + 1000)}`, on_duplicate: "create_new" });
    expect(answer.status).toBe(201);
    made.push(name);
  }
  const { page } = await open(browser);
  await signIn(page, "admin", "/contacts?view=%22table%22");
  const field = page.getByRole("searchbox", { name: "Search patients" });
  const find = async (words: string, found: number) => {
    await field.fill(words);
    await page.getByText(new RegExp(`^${String(found)} patients? match`)).waitFor();
  };
  const selection = page.getByRole("region", { name: "Selection" });
  await find(mark, 3);
  await page.getByRole("checkbox", { name: "Select all loaded" }).click({ force: true });
  await selection.getByText(/^3 selected$/).waitFor();
  await find(`Stays ${mark}`, 1);
  await selection.getByText(/^3 selected, 2 not shown$/).waitFor();
  // Of the whole list only a part was read: it is said what is known.
  await field.fill("");
  await settled(page);
  await selection.getByText(/^3 selected(, \d (not shown|under another filter))?$/).waitFor();
  await find(mark, 3);
  await selection.getByText(/^3 selected$/).waitFor();
  // One alone needs no number.
  await selection.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("checkbox", { name: `Select Stays ${mark}` }).click({ force: true });
  await find(`Leavesa ${mark}`, 1);
  await selection.getByText(/^1 selected, not shown$/).waitFor();
  await page.context().close();
});

it("marks what was found in numbers and addresses too, and says what a search may not say", { timeout: 120_000 }, async () => {
  const mark = letters();
  const number = `0151 496 ${String(Math.floor(Math.random() * 9000) + 1000)}`;
  expect((await ask("POST", "/api/contacts", { name: `Marka ${mark}`, phone: number, email: `${mark}@marks.example.org`, on_duplicate: "create_new" })).status).toBe(201);
  const { page } = await open(browser, { look: { contacts: "grid" } });
  await signIn(page, "admin", "/contacts");
  await settled(page);
  const field = page.getByRole("searchbox", { name: "Search patients" });
  const marks = async () => [...new Set(await page.getByRole("article").first().locator("mark").allTextContents())];
  await field.fill(`phone:${number}`);
  await page.locator("mark").first().waitFor();
  expect(await marks()).toEqual([number.slice(1)]);
  await field.fill(`${mark}@marks`);
  await page.locator("mark", { hasText: "@marks" }).first().waitFor();
  await field.fill("planet:mars");
  await page.getByRole("alert").getByText(/This search is not understood\. .*known are name, phone/).first().waitFor();
  // What the help lies over can be pressed through it.
  await page.goto(`${base()}/contacts?view=%22table%22`);
  await settled(page);
  await field.focus();
  const box = await page.getByRole("checkbox", { name: "Select all loaded" }).boundingBox();
  await page.mouse.click((box?.x ?? 0) + 6, (box?.y ?? 0) + 6);
  await page.getByRole("region", { name: "Selection" }).getByText(/selected/).waitFor();
  await page.context().close();
});

it("the command palette finds pages further in by their names, and only those that are one's own", { timeout: 120_000 }, async () => {
  const palette = async (who: "admin" | "reception", typed: string) => {
    const { page } = await open(browser);
    await signIn(page, who);
    await settled(page);
    await page.keyboard.press("Control+k");
    const dialog = page.getByRole("dialog", { name: "Search or command" });
    await dialog.waitFor();
    const before = await dialog.getByRole("menuitem").allTextContents();
    await page.keyboard.type(typed, { delay: 10 });
    return { page, dialog, before };
  };
  const admin = await palette("admin", "do-not");
  expect(admin.before.some((each) => /Do-not-call/.test(each))).toBe(false);
  await admin.dialog.getByRole("menuitem", { name: "Go to Do-not-call list" }).waitFor();
  expect(await violations(admin.page)).toEqual([]);
  await admin.page.keyboard.press("ArrowDown");
  await admin.page.keyboard.press("Enter");
  await admin.page.waitForURL(/\/calls\/do-not-call/);
  await admin.page.context().close();
  const reception = await palette("reception", "settings");
  await reception.dialog.getByRole("menuitem", { name: "Go to Settings" }).waitFor();
  await expect.poll(() => reception.dialog.getByRole("menuitem", { name: /^Settings: / }).count()).toBe(0);
  await reception.page.context().close();
});

it("an undo says who was changed since and left, and background work why somebody was left out", { timeout: 120_000 }, async () => {
  const mark = letters();
  const made: string[] = [];
  for (const name of [`Backa ${mark}`, `Backb ${mark}`, `Nobooking ${mark}`]) {
    const booking = name.startsWith("Back") ? { appointment_time: new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 16) } : {};
    const answer = await ask("POST", "/api/contacts", { name, phone: `+44151496${String(Math.floor(Math.random() * 9000) + 1000)}`, ...booking, on_duplicate: "create_new" });
    expect(answer.status, await answer.clone().text()).toBe(201);
    made.push(((await answer.json()) as { id: string }).id);
  }
  const { page } = await open(browser);
  await signIn(page, "admin", "/contacts?view=%22table%22");
  await page.getByRole("searchbox", { name: "Search patients" }).fill(mark);
  await page.getByText(/^3 patients match/).waitFor();
  await page.getByRole("checkbox", { name: "Select all loaded" }).click({ force: true });
  await page.getByRole("button", { name: "Set status" }).click();
  await page.getByRole("textbox", { name: "Reason" }).fill("Tried out");
  await page.getByRole("button", { name: "See what changes" }).click();
  await page.getByRole("button", { name: "Change 2" }).click();
  const dock = page.getByRole("region", { name: "Last change" });
  await dock.getByText("2 patients set to confirmed. 1 was left out.").waitFor();
  await dock.getByRole("button", { name: "See who and why" }).click();
  const out = page.getByRole("dialog", { name: "1 left out" });
  await out.getByRole("listitem").filter({ hasText: `Nobooking ${mark}` }).getByText("Has no appointment").waitFor();
  expect(await violations(page)).toEqual([]);
  await out.getByRole("button", { name: "Close" }).last().click();
  // Somebody else changes one of them before it is undone.
  expect((await ask("PATCH", `/api/contacts/${made[1] ?? ""}`, { appointment_status: "cancelled", reason: "Rang us" })).status).toBe(200);
  await dock.getByRole("button", { name: "Undo" }).click();
  await dock.getByText("1 put back. 1 was changed since and left.").waitFor();
  await dock.getByRole("button", { name: "See who and why" }).click();
  await out.getByRole("listitem").filter({ hasText: `Backb ${mark}` }).getByText(/^Changed since/).waitFor();
  await out.getByRole("button", { name: "Close" }).last().click();
  await page.getByRole("button", { name: /^Background work/ }).click();
  const work = page.getByRole("dialog", { name: "Background work" });
  await work.getByText("Finished with 1 problem, 2 changed").first().waitFor();
  await work.getByRole("button", { name: "See who was left out" }).first().click();
  await out.waitFor();
  await page.context().close();
});

it("offers to take off what stands in the way, the search too, and shows nothing that does nothing", { timeout: 120_000 }, async () => {
  const mark = letters();
  const saved = await ask("POST", "/api/saved-filters", { name: `Kept ${mark}`, filters: { status: ["confirmed"], appointment_type: `None ${mark}` } });
  expect(saved.status, await saved.clone().text()).toBe(201);
  const { id } = (await saved.json()) as { id: string };
  try {
    const { page } = await open(browser);
    await signIn(page, "admin", `/contacts?view=%22table%22&list=${id}`);
    await page.getByText("Nobody matches these 2 filters").waitFor();
    // The list as it was kept: there is nothing to clear.
    await expect.poll(() => page.getByRole("button", { name: "Clear all" }).count()).toBe(0);
    await page.getByRole("button", { name: "Show all patients" }).click();
    await page.getByRole("row").nth(2).waitFor();
    await page.getByRole("searchbox", { name: "Search patients" }).fill(`nobody${mark}`);
    await page.getByText("Nobody matches this search").waitFor();
    await page.getByRole("button", { name: `Search: “nobody${mark}”` }).click();
    await page.getByRole("row").nth(2).waitFor();
    await page.context().close();
  } finally {
    await ask("DELETE", `/api/saved-filters/${id}`);
  }
});
