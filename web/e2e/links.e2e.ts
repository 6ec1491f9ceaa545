import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, asUser, base, dev, launch, open, settled, signIn, violations, type Look } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const CHOSEN = "Marsh-Lantern-7-Otters";

/** The link in the last letter to an address, as soon as it is there. */
async function linkTo(address: string, path: string): Promise<string> {
  for (let tries = 0; tries < 60; tries += 1) {
    const { messages } = (await (await fetch(`${api()}/dev/outbox?channel=email`)).json()) as { messages: { to: string; body: string }[] };
    const letters = messages.filter((each) => JSON.stringify(each.to).includes(address)).map((each) => new RegExp(`https?://\\S+${path}#token=\\S+`).exec(each.body)?.[0]);
    const link = letters.findLast((each) => each !== undefined);
    if (link) return base() + new URL(link).pathname + new URL(link).hash;
    await new Promise((done) => setTimeout(done, 500));
    await dev("clock", { advance_seconds: 5 });
  }
  throw new Error(`no letter with ${path} to ${address}`);
}

/** Somebody of the team who is here already. */
async function member(): Promise<string> {
  const email = `link${String(Math.floor(Math.random() * 1e6))}@riverside.example`;
  const ask = await asUser();
  const made = await ask("POST", "/api/team", { full_name: "Lena Link", email, role: "client_user", preset: "receptionist", password: "vast-Umbrella-71-quietly" });
  expect(made.status, await made.clone().text()).toBe(201);
  return email;
}

async function choose(page: Page, button: string): Promise<void> {
  await page.getByLabel("New password").fill(CHOSEN);
  await page.getByLabel("The same again").fill(`${CHOSEN}x`);
  await page.getByText("The two are not the same.").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByLabel("The same again").fill(CHOSEN);
  await page.getByRole("button", { name: button }).click();
}

async function enter(page: Page, email: string): Promise<void> {
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Password").fill(CHOSEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).first().waitFor();
}

it("a forgotten password is chosen anew by the link of a letter, once", { timeout: 120_000 }, async () => {
  const email = await member();
  const { page, problems } = await open(browser, { width: 390, height: 844 });
  await page.goto(base());
  await page.getByRole("link", { name: "Forgotten your password?" }).click();
  await page.getByRole("heading", { name: "Forgotten your password?" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByLabel("Email address").fill(email);
  await page.getByRole("button", { name: "Send me a link" }).click();
  await page.getByText("If somebody signs in with this address").waitFor();
  expect(await violations(page)).toEqual([]);

  const link = await linkTo(email, "/reset");
  await page.goto(link);
  await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
  // The secret leaves the address as soon as it was read.
  expect(page.url()).toBe(`${base()}/reset`);
  await choose(page, "Save the password");
  await page.getByText("Your password is changed").waitFor();
  expect(await violations(page)).toEqual([]);
  await enter(page, email);

  const again = (await open(browser)).page;
  await again.goto(link);
  await again.getByLabel("New password").fill(`${CHOSEN}2`);
  await again.getByLabel("The same again").fill(`${CHOSEN}2`);
  await again.getByRole("button", { name: "Save the password" }).click();
  await again.getByText("This link is not good any more").waitFor();
  expect(await violations(again)).toEqual([]);
  await again.getByRole("link", { name: "Ask for a new link" }).click();
  await again.getByRole("heading", { name: "Forgotten your password?" }).waitFor();
  expect([...new Set(problems)]).toEqual([]);
  await page.context().close();
  await again.context().close();
});

it("somebody invited with single permissions joins by the link of the invitation, and can do what was given", { timeout: 120_000 }, async () => {
  const email = `invited${String(Math.floor(Math.random() * 1e6))}@riverside.example`;
  const { page } = await open(browser);
  await signIn(page, "admin", "/settings/team");
  await page.getByRole("button", { name: "Invite somebody" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Name" }).fill("Ines Invited");
  await dialog.getByRole("textbox", { name: "Email" }).fill(email);
  await dialog.getByRole("button", { name: /What they do/ }).click();
  await page.getByRole("option", { name: "Manager" }).click();
  await dialog.getByText("Healthcare", { exact: true }).click();
  await dialog.getByRole("button", { name: "Give or take single permissions" }).click();
  await dialog.getByRole("button", { name: /^(As the role )?Call settings/ }).click();
  await page.getByRole("option", { name: "Given" }).click();
  await dialog.getByRole("button", { name: /^(As the role )?Delete patients/ }).click();
  await page.getByRole("option", { name: "Taken" }).click();
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Send the invitation" }).click();
  await page.getByText("An invitation is on its way to Ines Invited.").waitFor();

  const team = (await (await (await asUser())("GET", "/api/team")).json()) as { members: { email: string; industries: string[]; permissions: string[] }[] };
  const made = team.members.find((each) => each.email === email);
  expect(made?.industries).toEqual(["healthcare"]);
  expect(made?.permissions).toContain("configure_call_settings");
  expect(made?.permissions).not.toContain("delete_contacts");

  // The list finds them, and says that they have not come yet.
  await page.getByLabel("Search the team").fill("ines");
  await page.getByText("Manager, changed").waitFor();
  await expect.poll(() => page.getByRole("main").getByText("Helen Ashworth").count()).toBe(0);
  await page.getByRole("button", { name: /Standing/ }).click();
  await page.getByRole("option", { name: "Inactive", exact: true }).click();
  await page.getByText("Nobody of the team is like that").waitFor();
  expect(await violations(page)).toEqual([]);

  const own = (await open(browser)).page;
  await own.goto(await linkTo(email, "/invite"));
  await own.getByRole("heading", { name: "Join your team" }).waitFor();
  await choose(own, "Join");
  await own.getByText("You are in.").waitFor();
  await enter(own, email);
  await own.goto(`${base()}/settings`);
  await own.getByRole("navigation", { name: "Settings" }).getByText("Call settings").waitFor();
  await expect.poll(() => own.getByRole("navigation", { name: "Settings" }).getByText("Team").count()).toBe(0);
  await page.context().close();
  await own.context().close();
});

const LOOKS: [string, Look][] = [
  ["dark", { theme: "dark" }],
  ["high contrast", { contrast: "high" }],
];

describe.each(LOOKS)("in %s", (_name, look) => {
  it("axe finds nothing on the pages that need no session", async () => {
    const { page } = await open(browser, { look });
    const found: Record<string, string[]> = {};
    for (const path of ["/forgot", "/reset", "/reset#token=axe", "/invite", "/invite#token=axe"]) {
      await page.goto("about:blank");
      await page.goto(base() + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await settled(page);
      const list = await violations(page);
      if (list.length > 0) found[path] = list;
    }
    expect(found).toEqual({});
    await page.context().close();
  });
});
