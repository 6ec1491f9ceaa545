import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { asUser, launch, letters, open, settled, signIn, violations } from "./browser";

interface Field {
  name: string;
  label: string;
  type: string;
  max_length?: number;
  options?: { label: string; value: string }[];
}
interface Forms {
  default_form: string;
  forms: { form: string; label: string; fields: Field[] }[];
}

let browser: Browser;
let kind = "";

beforeAll(async () => {
  browser = await launch();
});
beforeEach(async () => {
  kind = ((await (await (await asUser())("GET", "/api/users/business")).json()) as { business_type: string }).business_type;
});
afterEach(async () => {
  await (await asUser())("PATCH", "/api/users/business", { business_type: kind });
});
afterAll(() => browser.close());

const phone = (): string => `0151 496 ${String(Math.floor(Math.random() * 9000) + 1000)}`;

/** What is said of a field when it has the focus. */
async function described(page: Page, field: Locator): Promise<string> {
  const ids = (await field.getAttribute("aria-describedby"))?.split(" ") ?? [];
  return (await Promise.all(ids.map((id) => page.evaluate((each) => document.getElementById(each)?.textContent ?? "", id)))).join(" ");
}

async function becomes(type: string): Promise<Forms> {
  const ask = await asUser();
  expect((await ask("PATCH", "/api/users/business", { business_type: type })).status).toBe(200);
  return (await (await ask("GET", "/api/forms")).json()) as Forms;
}

/** The page for somebody new, unfolded, and the industry's part of it. */
async function newContact(): Promise<{ page: Page; form: Locator; name: string }> {
  const { page } = await open(browser);
  await signIn(page, "admin", "/contacts/new");
  await settled(page);
  const name = `Forma ${letters()}`;
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Phone", { exact: true }).fill(phone());
  await page.getByRole("button", { name: "Notes, groups, priority and more" }).click();
  const form = page.getByRole("group", { name: "More about them" });
  await form.waitFor();
  return { page, form, name };
}

const save = (page: Page) => page.getByRole("button", { name: "Save", exact: true }).click();

it.each(["medical", "restaurant", "salon", "consultant", "general"])("the form of a %s business is drawn as the API describes it", { timeout: 120_000 }, async (type) => {
  const { default_form: usual, forms } = await becomes(type);
  const shape = forms.find((each) => each.form === usual);
  expect(shape?.fields.length).toBeGreaterThan(0);
  const { page, form } = await newContact();
  for (const field of shape?.fields ?? []) {
    const role = ({ date: "group", select: "button", boolean: "switch" } as const)[field.type] ?? "textbox";
    // The choice of a list says its value beside its name.
    const by = form.getByRole(role, { name: new RegExp(`^${field.type === "select" ? ".*" : ""}${field.label}( optional)?$`) });
    await expect.poll(() => by.count(), { message: `${field.label} (${field.type})` }).toBe(1);
    if (field.max_length !== undefined) await expect.poll(() => by.getAttribute("maxlength")).toBe(String(field.max_length));
    if (field.type === "select") {
      await by.click();
      await expect.poll(() => page.getByRole("option").allTextContents()).toEqual(["Not said", ...(field.options ?? []).map((each) => each.label)]);
      await page.keyboard.press("Escape");
    }
  }
  expect(await violations(page)).toEqual([]);
  await page.context().close();
});

it("what the data does not allow is said at the field, and what was saved is on the person's page and in the form again", { timeout: 180_000 }, async () => {
  await becomes("restaurant");
  const { page, form, name } = await newContact();
  const size = form.getByRole("textbox", { name: "Party size" });
  expect(await described(page, size)).toContain("1 to 100");
  await size.fill("0");
  await form.getByRole("button", { name: "Seating" }).click();
  await page.getByRole("option", { name: "Private room" }).click();
  await form.getByRole("switch", { name: "High chair" }).click({ force: true });
  await form.getByRole("textbox", { name: "Dietary needs" }).fill("No nuts");
  await save(page);
  await form.getByText("Party size must be at least 1.").waitFor();
  await expect.poll(() => size.getAttribute("aria-invalid")).toBe("true");
  expect(await described(page, size)).toContain("Party size must be at least 1.");
  // Whoever saved is taken to it.
  expect(await size.evaluate((element) => element === document.activeElement)).toBe(true);
  expect(await violations(page)).toEqual([]);
  await size.fill("a few");
  await save(page);
  await form.getByText("Party size must be a number.").waitFor();
  await size.fill("6");
  await save(page);
  await page.getByRole("heading", { level: 1, name }).waitFor({ timeout: 20_000 });

  const about = page.getByRole("region", { name: "More about them" });
  const facts = async () => Object.fromEntries(await about.locator("dl > div").evaluateAll((rows) => rows.map((row) => [row.querySelector("dt")?.textContent ?? "", row.querySelector("dd")?.textContent ?? ""])));
  await about.waitFor();
  expect(await facts()).toEqual({ "Party size": "6", Seating: "Private room", "High chair": "Yes", "Dietary needs": "No nuts" });
  expect(await violations(page)).toEqual([]);
  // What is sensitive in the data is hidden with the other details.
  await page.getByRole("button", { name: "Hide details" }).click();
  expect(await facts()).toMatchObject({ "Party size": "6", "Dietary needs": "Hidden" });
  await page.getByRole("button", { name: /details/ }).first().click();

  await about.getByRole("button", { name: "Edit" }).click();
  const sheet = page.getByRole("dialog", { name: "Edit guest" });
  const again = sheet.getByRole("textbox", { name: "Party size" });
  await expect.poll(() => again.inputValue()).toBe("6");
  await expect.poll(() => sheet.getByRole("switch", { name: "High chair" }).isChecked()).toBe(true);
  await again.fill("101");
  await sheet.getByRole("button", { name: "Save", exact: true }).click();
  await sheet.getByText("Party size must be at most 100.").waitFor();
  expect(await again.evaluate((element) => element === document.activeElement)).toBe(true);
  await again.fill("8");
  await sheet.getByRole("button", { name: "Save", exact: true }).click();
  await sheet.waitFor({ state: "detached" });
  await about.getByText("8", { exact: true }).waitFor();
  expect(await facts()).toMatchObject({ "Party size": "8", Seating: "Private room", "Dietary needs": "No nuts" });
  await page.context().close();
});

it("another industry's form is chosen for somebody new and changed on the record, and nothing that was saved is lost", { timeout: 180_000 }, async () => {
  const { forms } = await becomes("medical");
  const { page, form, name } = await newContact();
  const choose = async (within: Locator, option: string | RegExp) => {
    await within.getByRole("button", { name: /Industry$/ }).click();
    await page.getByRole("option", { name: option }).click();
  };
  const industry = form.getByRole("button", { name: /Industry$/ });
  await expect.poll(() => industry.textContent()).toContain("as your business");
  await industry.click();
  expect((await page.getByRole("option").allTextContents()).length).toBe(forms.length);
  await page.keyboard.press("Escape");
  await form.getByRole("textbox", { name: "Insurance provider" }).fill("Bupa");
  await choose(form, "Legal");
  await expect.poll(() => form.getByRole("textbox", { name: "Insurance provider" }).count()).toBe(0);
  await form.getByRole("button", { name: "Case status" }).click();
  await page.getByRole("option", { name: "Active" }).click();
  expect(await violations(page)).toEqual([]);
  // Who chose by mistake has what was typed again.
  await choose(form, /as your business/);
  await expect.poll(() => form.getByRole("textbox", { name: "Insurance provider" }).inputValue()).toBe("Bupa");
  await choose(form, "Legal");
  await expect.poll(() => form.getByRole("button", { name: "Case status" }).textContent()).toContain("Active");
  await save(page);
  await page.getByRole("heading", { level: 1, name }).waitFor({ timeout: 20_000 });
  const ask = await asUser();
  const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const kept = async () => (await (await ask("GET", `/api/contacts/${id}`)).json()) as { industry: string | null; custom_fields: object };
  expect(await kept()).toMatchObject({ industry: "legal", custom_fields: { case_status: "active" } });
  expect((await kept()).custom_fields).not.toHaveProperty("insurance_provider");

  const about = page.getByRole("region", { name: "More about them" });
  const fact = (what: string) => about.locator("dl > div").filter({ has: page.locator("dt", { hasText: new RegExp(`^${what}$`) }) }).locator("dd");
  await expect.poll(() => fact("Industry").textContent()).toBe("Legal");
  await about.getByRole("button", { name: "Edit" }).click();
  const sheet = page.getByRole("dialog", { name: "Edit patient" });
  const again = sheet.getByRole("group", { name: "More about them" });
  await choose(again, /as your business/);
  await again.getByText(/^Kept on the record.*case status\.$/).waitFor();
  await again.getByRole("textbox", { name: "Insurance provider" }).fill("Aviva");
  expect(await violations(page)).toEqual([]);
  await sheet.getByRole("button", { name: "Save", exact: true }).click();
  await sheet.waitFor({ state: "detached" });
  expect(await kept()).toMatchObject({ industry: "healthcare", custom_fields: { insurance_provider: "Aviva", case_status: "active" } });
  await about.getByText("Aviva").waitFor();
  await expect.poll(() => fact("Industry").count()).toBe(0);
  // Back again, the answers are those of the form again.
  await about.getByRole("button", { name: "Edit" }).click();
  await choose(again, "Legal");
  await expect.poll(() => again.getByRole("button", { name: "Case status" }).textContent()).toContain("Active");
  await sheet.getByRole("button", { name: "Save", exact: true }).click();
  await sheet.waitFor({ state: "detached" });
  expect(await kept()).toMatchObject({ industry: "legal", custom_fields: { insurance_provider: "Aviva", case_status: "active" } });
  await page.context().close();
});

it("somebody of another industry keeps its form, whatever the business is", { timeout: 120_000 }, async () => {
  const ask = await asUser();
  const made = await ask("POST", "/api/contacts", { name: `Lega ${letters()}`, phone: phone(), industry: "legal", custom_fields: { case_status: "active" }, on_duplicate: "create_new" });
  expect(made.status, await made.clone().text()).toBe(201);
  const { id } = (await made.json()) as { id: string };
  const { forms } = (await (await ask("GET", "/api/forms")).json()) as Forms;
  const legal = forms.find((each) => each.form === "legal")?.fields ?? [];
  const status = legal.find((each) => each.name === "case_status");
  const { page } = await open(browser);
  await signIn(page, "admin", `/contacts/${id}`);
  const about = page.getByRole("region", { name: "More about them" });
  await about.getByText(status?.label ?? "").waitFor();
  await about.getByText(status?.options?.find((each) => each.value === "active")?.label ?? "-").waitFor();
  await about.getByRole("button", { name: "Edit" }).click();
  const form = page.getByRole("dialog").getByRole("group", { name: "More about them" });
  for (const { label } of legal) await form.getByText(new RegExp(`^${label}( optional)?$`)).first().waitFor();
  await page.context().close();
});
