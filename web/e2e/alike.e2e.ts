import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, base, clockNow, launch, letters, open, settled, signIn, violations } from "./browser";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;

beforeAll(async () => {
  browser = await launch();
  ask = await asUser();
});
afterAll(() => browser.close());

const number = (): string => `+44151496${String(Math.floor(Math.random() * 9000) + 1000)}`;

async function somebody(body: object): Promise<string> {
  const answer = await ask("POST", "/api/contacts", { voice_consent: { method: "verbal" }, on_duplicate: "create_new", ...body });
  expect(answer.status, await answer.clone().text()).toBe(201);
  return ((await answer.json()) as { id: string }).id;
}

it("two records of one person are compared and made one, with the values chosen and what both had", { timeout: 120_000 }, async () => {
  const last = letters();
  const name = `Orla ${last}`;
  // A middle name more: rules.md calls that one person.
  const longer = `Orla Mae ${last}`;
  const phone = number();
  const day = new Date((await clockNow()).getTime() + 5 * 86_400_000).toISOString().slice(0, 10);
  const first = await somebody({ name, phone, email: `${letters()}@example.com`, notes: "Prefers mornings." });
  const second = await somebody({ name: longer, phone, notes: "Moved in spring.", tags: ["vip"], appointment_time: `${day}T10:30` });
  expect((await ask("POST", `/api/contacts/${second}/interactions`, { text: "Asked about parking." })).status).toBe(201);
  const { page } = await open(browser);
  await signIn(page, "admin", "/contacts");
  await page.getByRole("button", { name: "More for patients" }).click();
  await page.getByRole("menuitem", { name: "Duplicates" }).click();
  await page.getByRole("heading", { name: "Who may be here twice" }).waitFor();
  await settled(page);
  await page.getByRole("button", { name: `Compare ${name} and ${longer}` }).click();
  const dialog = page.getByRole("dialog", { name: "Compare" });
  await dialog.getByRole("radio", { name: `Keep ${name}`, exact: true }).waitFor();
  await expect.poll(() => dialog.getByRole("radio", { name: `Keep ${name}`, exact: true }).isChecked()).toBe(true);
  await expect.poll(() => dialog.getByRole("radio", { name: "Both, one under the other" }).isChecked()).toBe(true);
  await dialog.getByRole("radio", { name: longer, exact: true }).check();
  expect(await violations(page)).toEqual([]);
  // Somebody changes one of the two meanwhile: nothing is done, and what is new is shown before it is done.
  expect((await ask("PATCH", `/api/contacts/${second}`, { company_name: "Moved Ltd" })).status).toBe(200);
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.method() !== "GET" && request.url().includes("/api/contacts/")) asked.push(new URL(request.url()).pathname);
  });
  await dialog.getByRole("button", { name: "Make one record" }).click();
  await dialog.getByText(`You changed ${longer} a moment ago, and nothing was done.`).waitFor();
  await dialog.getByRole("cell", { name: /New.*Moved Ltd/s }).waitFor();
  await expect.poll(() => dialog.getByRole("radio", { name: longer, exact: true }).isChecked()).toBe(true);
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Make one record" }).click();
  await page.getByText("The other can be brought back for 30 days.").waitFor();
  // Each time one request.
  expect(asked.filter((path) => path !== "/api/contacts/search")).toEqual(["/api/contacts/merge", "/api/contacts/merge"]);

  const kept = (await (await ask("GET", `/api/contacts/${first}`)).json()) as { name: string; notes: string; company_name: string; tags: string[]; appointment_time: string };
  expect(kept.name).toBe(longer);
  expect(kept.company_name).toBe("Moved Ltd");
  expect(kept.notes).toBe("Prefers mornings.\n\nMoved in spring.");
  expect(kept.tags).toEqual(["vip"]);
  expect(kept.appointment_time).toContain(day);
  expect((await ask("GET", `/api/contacts/${second}`)).status).toBe(404);
  await page.waitForFunction((gone) => !document.querySelector("main")?.textContent.includes(gone), name);

  // What happened with the other is read in the one that was kept.
  await page.goto(`${base()}/contacts/${first}`);
  await page.getByText("Made one with another record").first().waitFor();
  await page.getByText("Asked about parking.").waitFor();
  await page.goto(`${base()}/contacts/${first}/notes`);
  await page.getByRole("heading", { name: /From the record .* made one with this on/ }).waitFor();
  await page.getByText("Asked about parking.").waitFor();
  expect(await violations(page)).toEqual([]);

  // And it is brought back although somebody like it is there, when that is said twice.
  await page.goto(`${base()}/contacts/deleted`);
  await page.getByRole("listitem").filter({ hasText: longer }).getByText(/Made one with another record/).waitFor();
  await page.getByRole("button", { name: `Bring back ${longer}` }).click();
  await page.getByRole("button", { name: `Bring back all the same ${longer}` }).click();
  await page.getByText(`${longer} is back.`).waitFor();
  expect((await ask("GET", `/api/contacts/${second}`)).status).toBe(200);
  await page.context().close();
});

it("two people who look alike are kept apart, and a household is not a duplicate", { timeout: 120_000 }, async () => {
  const last = letters();
  const name = `Nils ${last}`;
  const phone = number();
  const one = await somebody({ name, phone });
  const other = await somebody({ name: `N ${last}`, phone });
  const wife = `Birgit ${letters()}`;
  await somebody({ name: wife, phone });
  const { page } = await open(browser, { width: 390, height: 844 });
  await signIn(page, "reception", `/contacts/duplicates?of=${one}`);
  await settled(page);
  await expect.poll(() => page.getByRole("main").getByText(wife).count()).toBe(0);
  await page.getByRole("button", { name: /^Compare/ }).click();
  const dialog = page.getByRole("dialog", { name: "Compare" });
  await dialog.getByText("Added", { exact: true }).waitFor();
  expect(await violations(page)).toEqual([]);
  // Whoever may not delete does not make one of two.
  await expect.poll(() => dialog.getByRole("button", { name: "Make one record" }).count()).toBe(0);
  await dialog.getByRole("button", { name: "Not the same person" }).click();
  await page.getByText("Noted: two people.").waitFor();
  await page.getByText("Nobody seems to be here twice").waitFor();
  expect((await ask("GET", `/api/contacts/${other}`)).status).toBe(200);
  await page.goto(`${base()}/contacts/duplicates?of=${one}&relation=household`);
  await page.getByRole("main").getByText(wife).first().waitFor();
  await page.context().close();
});
