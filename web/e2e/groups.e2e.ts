import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, base, launch, open, settled, signIn, violations } from "./browser";

let browser: Browser;
const serial = Math.floor(Math.random() * 1e6).toString(36);

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function at(path: string, who: "admin" | "reception" | "readonly" = "admin"): Promise<Page> {
  const { page } = await open(browser);
  await signIn(page, who, path);
  await settled(page);
  return page;
}

interface Found {
  contacts: { id: string; name: string }[];
  pagination: { total_contacts: number };
}

it("a new group begins with those that a search found, counted before", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const page = await at("/groups");
  await page.getByRole("button", { name: "New group" }).click();
  const dialog = page.getByRole("dialog", { name: "New group" });
  await dialog.getByLabel("Name", { exact: true }).fill(`From the start ${serial}`);
  const status = dialog.getByRole("button", { name: /Any status/ });
  await status.click();
  await page.getByRole("option", { name: "Waiting" }).click();
  const waiting = (await (await ask("POST", "/api/contacts/search", { status: ["pending"], page_size: 10 })).json()) as Found;
  const total = waiting.pagination.total_contacts;
  expect(total).toBeGreaterThan(10);
  await dialog.getByRole("button", { name: `Choose all ${String(total)}` }).click();
  await dialog.getByText(`${String(total)} chosen`).waitFor();
  expect(await violations(page)).toEqual([]);
  // One of them is left out again.
  await dialog.getByRole("checkbox").first().click({ force: true });
  await dialog.getByText(`${String(total - 1)} chosen`).waitFor();
  await dialog.getByRole("button", { name: `Make group with ${String(total - 1)} patients` }).click();
  await page.getByRole("heading", { level: 1, name: `From the start ${serial}` }).waitFor();
  const id = /groups\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "";
  // More than a hundred come in as background work.
  const members = async () => ((await (await ask("GET", `/api/groups/${id}`)).json()) as { contact_count: number }).contact_count;
  await expect.poll(members, { timeout: 30_000 }).toBe(total - 1);
  await page.getByRole("navigation", { name: "Parts of the group" }).getByRole("link", { name: "Activity" }).click();
  await page.getByText("Members added").first().waitFor();
  await page.context().close();
});

it("groups are compared side by side, the chosen ones by an address that can be shared", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  // Of fewer than five people there are no figures here.
  const found = (await (await ask("POST", "/api/contacts/search", { page_size: 10 })).json()) as { contacts: { id: string }[] };
  for (const name of [`First ${serial}`, `Second ${serial}`]) {
    const made = await ask("POST", "/api/groups", { name, initial_contact_ids: found.contacts.map((each) => each.id) });
    expect(made.status).toBe(201);
  }
  const page = await at("/groups");
  await page.getByRole("link", { name: "Compare" }).click();
  await page.getByRole("heading", { level: 1, name: "Compare groups" }).waitFor();
  const table = page.getByRole("region", { name: "Figures of the groups" });
  await table.waitFor();
  const whole = await table.getByRole("row").count();
  expect(whole).toBeGreaterThan(2);
  const choices = page.getByRole("group", { name: "Groups to compare" }).getByRole("button");
  await choices.filter({ hasText: `First ${serial}` }).click();
  await choices.filter({ hasText: `Second ${serial}` }).click();
  await page.getByText("2 groups", { exact: true }).waitFor();
  await page.waitForFunction(() => document.querySelectorAll("[aria-label='Figures of the groups'] tbody tr").length === 2);
  expect(await violations(page)).toEqual([]);
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll("[aria-label='Figures of the groups'] tbody tr").length === 2);
  await page.context().close();
});

it("where there is nothing to compare, the page says what it takes and makes a group", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const { groups } = (await (await ask("GET", "/api/groups?page_size=100")).json()) as { groups: { id: string }[] };
  const archive = async (archived: boolean) => {
    for (const { id } of groups) expect((await ask("PATCH", `/api/groups/${id}`, { archived })).status).toBe(200);
  };
  await archive(true);
  try {
    const page = await at("/groups/compare");
    await page.getByText("No groups to compare yet").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "New group" }).click();
    const dialog = page.getByRole("dialog", { name: "New group" });
    await dialog.getByLabel("Name", { exact: true }).fill(`Compared ${serial}`);
    await dialog.getByRole("button", { name: "Make group" }).click();
    await page.getByRole("heading", { level: 1, name: `Compared ${serial}` }).waitFor();
    // It is empty, and of nobody there are no figures.
    await page.goto(`${base()}/groups/compare`);
    await page.getByText("The group is too small for figures").waitFor();
    await page.getByRole("main").getByRole("link", { name: "See the groups" }).click();
    await page.getByRole("heading", { level: 1, name: "Groups" }).waitFor();
    // Somebody who may not make groups is told who does.
    const reader = (await open(browser)).page;
    await signIn(reader, "readonly", "/groups/compare");
    await settled(reader);
    await reader.getByRole("main").getByText(/administrator/i).first().waitFor();
    await expect.poll(() => reader.getByRole("button", { name: "New group" }).count()).toBe(0);
    await reader.context().close();
    await page.context().close();
  } finally {
    await archive(false);
  }
});

it("where there is no group yet, three of the industry begin one, each shown before it is made", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const { groups } = (await (await ask("GET", "/api/groups?page_size=100")).json()) as { groups: { id: string }[] };
  const archive = async (archived: boolean) => {
    for (const { id } of groups) expect((await ask("PATCH", `/api/groups/${id}`, { archived })).status).toBe(200);
  };
  const { templates } = (await (await ask("GET", "/api/groups/templates")).json()) as { templates: { id: string; name: string }[] };
  await archive(true);
  try {
    const page = await at("/groups");
    await page.getByText("No groups yet").waitFor();
    const first = page.getByRole("list", { name: "Templates for your business" }).getByRole("button");
    await first.first().waitFor();
    await expect.poll(() => first.count()).toBe(3);
    for (const [place, { name }] of templates.slice(0, 3).entries()) await expect.poll(() => first.nth(place).textContent()).toContain(name);
    expect(await violations(page)).toEqual([]);
    await first.nth(1).focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Templates" });
    await dialog.getByText(`“${templates[1]?.name ?? ""}”`).waitFor();
    await dialog.getByRole("button", { name: /^Make / }).waitFor();
    // Nothing is made before that is pressed.
    expect(((await (await ask("GET", "/api/groups")).json()) as { groups: object[] }).groups).toEqual([]);
    await dialog.getByRole("button", { name: "Back" }).click();
    await dialog.getByRole("button", { name: /^See who/ }).nth(3).waitFor();
    await page.context().close();
  } finally {
    await archive(false);
  }
});

it("somebody who was deleted is brought back from the list of the last 30 days", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const name = `Gone ${[...serial].map((each) => "abcdefghij"[each.charCodeAt(0) % 10]).join("")}`;
  const made = (await (await ask("POST", "/api/contacts", { name, phone: "+441514960971", on_duplicate: "create_new" })).json()) as { id: string };
  await ask("DELETE", `/api/contacts/${made.id}`);
  const page = await at("/contacts");
  await page.getByRole("button", { name: "More for patients" }).click();
  await page.getByRole("menuitem", { name: "Deleted patients" }).click();
  await page.getByText(name).first().waitFor();
  await page.getByRole("button", { name: `Bring back ${name}` }).click();
  await page.getByText(`${name} is back.`).first().waitFor();
  expect((await ask("GET", `/api/contacts/${made.id}`)).status).toBe(200);
  await page.context().close();
});

it("a text message counts its parts while it is written, and is not offered to who has not agreed", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const body = (name: string, number: string, agreed: boolean) => ({ name, phone: number, preferences: { sms_opt_in: agreed }, on_duplicate: "create_new" });
  const agreed = await ask("POST", "/api/contacts", body("Texta Agreed", "+441514960981", true));
  expect(agreed.status, await agreed.clone().text()).toBe(201);
  const yes = (await agreed.json()) as { id: string };
  const no = (await (await ask("POST", "/api/contacts", body("Texta Unasked", "+441514960982", false))).json()) as { id: string };
  const page = await at(`/contacts/${yes.id}`);
  await page.getByRole("button", { name: "Write a text message" }).click();
  const dialog = page.getByRole("dialog", { name: "Write a text message" });
  await dialog.getByLabel("Message").fill("a".repeat(160));
  await dialog.getByText("1 text, room for 0 more").waitFor();
  await dialog.getByLabel("Message").fill(`${"a".repeat(158)}👍`);
  await dialog.getByText("3 texts").first().waitFor();
  await dialog.getByText("makes each text hold 70 characters instead of 160").waitFor();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.goto(page.url().replace(yes.id, no.id));
  await settled(page);
  await expect.poll(() => page.getByRole("button", { name: "Write a text message" }).isDisabled()).toBe(true);
  await page.getByText("They have not agreed to text messages").waitFor();
  await page.context().close();
});

it("a group's icon is of the set, and stands beside its name in the list, the filter and the change of many", { timeout: 120_000 }, async () => {
  const name = `Starred ${serial}`;
  const page = await at("/groups");
  await page.getByRole("button", { name: "New group" }).click();
  const dialog = page.getByRole("dialog", { name: "New group" });
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByRole("button", { name: /Icon/ }).click();
  await page.getByRole("option", { name: "⭐ Star" }).click();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Make group" }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await page.getByRole("navigation", { name: "Where you are" }).getByRole("link", { name: "Groups" }).click();
  await page.getByRole("listitem").filter({ hasText: name }).getByText("⭐").waitFor();
  await page.getByRole("link", { name: "Patients" }).first().click();
  await page.getByRole("complementary", { name: "Filters" }).locator("label").filter({ hasText: name }).getByText("⭐").waitFor();
  await page.getByRole("checkbox", { name: /^Select (?!all)/ }).first().click({ force: true });
  await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: "Groups" }).click();
  const many = page.getByRole("dialog", { name: "Change the groups of 1 patient" });
  await many.locator("label").filter({ hasText: name }).getByText("⭐").waitFor();
  await page.context().close();
});

it("a person's groups are changed in one place, with a new one made on the way", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const { contacts } = (await (await ask("POST", "/api/contacts/search", { page_size: 10, sort: ["-name"] })).json()) as Found;
  const id = contacts[0]?.id ?? "";
  const name = `On the way ${serial}`;
  const page = await at(`/contacts/${id}`);
  await page.getByRole("button", { name: "Manage" }).click();
  const dialog = page.getByRole("dialog", { name: /^Groups of/ });
  await dialog.getByLabel("New group").fill(name);
  await dialog.getByRole("button", { name: "Make" }).click();
  await dialog.getByRole("checkbox", { name }).waitFor({ state: "attached" });
  await expect.poll(() => dialog.getByRole("checkbox", { name }).isChecked()).toBe(true);
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText(name).first().waitFor();
  const { groups } = (await (await ask("GET", "/api/groups")).json()) as { groups: { id: string; name: string }[] };
  const kept = (await (await ask("GET", `/api/contacts/${id}`)).json()) as { group_ids: string[] };
  expect(kept.group_ids).toContain(groups.find((each) => each.name === name)?.id);
  await page.context().close();
});

it("a group is called at once, at a time or spread over so many minutes, counted before", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const { contacts } = (await (await ask("POST", "/api/contacts/search", { status: ["pending"], page_size: 10, sort: ["-appointment_time"] })).json()) as Found;
  const { id } = (await (await ask("POST", "/api/groups", { name: `Spread ${serial}`, initial_contact_ids: contacts.slice(0, 5).map((each) => each.id) })).json()) as { id: string };
  const page = await at(`/groups/${id}/call`);
  const step = (name: string) => page.getByRole("navigation", { name: "Steps" }).getByRole("button", { name });
  const look = async () => {
    const answer = page.waitForResponse((each) => each.url().endsWith("/call-all") && each.ok());
    await step("Check and start").click();
    await page.getByText(/people are called|person is called/).waitFor();
    const plan = (await (await answer).json()) as { dry_run: boolean; call_type: string; starts_at: string; estimated_completion: string; to_be_called: number };
    expect(plan.dry_run).toBe(true);
    return { type: plan.call_type, minutes: (Date.parse(plan.estimated_completion) - Date.parse(plan.starts_at)) / 60_000, called: plan.to_be_called };
  };
  expect((await look()).type).toBe("immediate");
  for (const minutes of [15, 30, 60, 120]) {
    await step("When").click();
    await page.getByRole("radio", { name: "Spread out" }).click({ force: true });
    await page.getByRole("button", { name: /Spread over/ }).click();
    await page.getByRole("option", { name: `${String(minutes)} minutes`, exact: true }).click();
    const plan = await look();
    expect(plan.type).toBe("staggered");
    // Spread evenly: of five, the last is called when four fifths of the time are over. Others' tests may have left one of
    // them as somebody who is passed over.
    expect(plan.called).toBeGreaterThan(1);
    const last = (minutes * (plan.called - 1)) / plan.called;
    expect(plan.minutes).toBeGreaterThan(last * 0.9);
    expect(plan.minutes).toBeLessThan(last + 10);
  }
  await page.getByRole("button", { name: /^Call \d+ pe/ }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.context().close();
});

it("groups are a table too: sorted by its headings, in an address that can be shared, and lines on a phone", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const name = `Tabled ${serial}`;
  expect((await ask("POST", "/api/groups", { name })).status).toBe(201);
  const page = await at("/groups");
  await page.getByRole("radio", { name: "Table" }).click();
  await page.waitForURL(/view=/);
  const table = page.getByRole("region", { name: "Groups" }).getByRole("table");
  const heading = (of: string) => table.getByRole("columnheader", { name: of });
  await expect.poll(() => heading("Last activity").getAttribute("aria-sort")).toBe("descending");
  await table.getByRole("row", { name: new RegExp(name) }).getByText("Everyone").waitFor();
  await heading("Members").getByRole("button").click();
  await page.waitForURL(/sort=/);
  await expect.poll(() => heading("Members").getAttribute("aria-sort")).toBe("descending");
  const members = async () => {
    const cells = await table.locator("tbody tr > td:nth-child(2)").allTextContents();
    return cells.map((each) => Number(each.replace(",", "")));
  };
  await expect.poll(async () => { const all = await members(); return all.length > 1 && all.every((each, place) => place === 0 || each <= (all[place - 1] ?? 0)); }).toBe(true);
  await heading("Members").getByRole("button").click();
  await expect.poll(async () => { const all = await members(); return all.every((each, place) => place === 0 || each >= (all[place - 1] ?? 0)); }).toBe(true);
  expect(await violations(page)).toEqual([]);
  await page.reload();
  await table.waitFor();
  await expect.poll(() => heading("Members").getAttribute("aria-sort")).toBe("ascending");
  await page.context().close();
  const phone = (await open(browser, { width: 390, height: 844 })).page;
  await signIn(phone, "admin", "/groups");
  await settled(phone);
  await phone.getByRole("radio", { name: "List", checked: true }).waitFor();
  await phone.getByRole("listitem").filter({ hasText: name }).getByText(/^0 patients, changed/).waitFor();
  await expect.poll(() => phone.getByRole("table").count()).toBe(0);
  expect(await violations(phone)).toEqual([]);
  await phone.context().close();
});
