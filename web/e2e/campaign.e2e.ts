import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, asUser, clockNow, dev, launch, open, settled, signIn, violations, workingHours } from "./browser";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;
const tag = Array.from({ length: 4 }, () => "abcdefghijklmnop"[Math.floor(Math.random() * 16)]).join("");

const CHECKLIST = { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true };

/** People of this file, told apart by their numbers; so many of them agreed to be called. */
async function people(count: number, from: number, agreed = count): Promise<string[]> {
  const day = new Date((await clockNow()).getTime() + 4 * 86_400_000).toISOString().slice(0, 10);
  const ids: string[] = [];
  for (let place = 0; place < count; place += 1) {
    const made = await ask("POST", "/api/contacts", {
      name: `Stepha ${tag}${"abcdefghijklmnopqrstuvwxyz"[place % 26] ?? ""}${"abcdefghij"[Math.floor(place / 26)] ?? ""}`,
      phone: `+44113496${String(from + place).padStart(4, "0")}`,
      appointment_time: `${day}T10:30`,
      ...(place < agreed && { voice_consent: { method: "verbal" }, hipaa_checklist: CHECKLIST }),
      on_duplicate: "create_new",
    });
    expect(made.status, await made.clone().text()).toBe(201);
    ids.push(((await made.json()) as { id: string }).id);
  }
  return ids;
}

async function groupOf(ids: string[], name: string): Promise<string> {
  const made = await ask("POST", "/api/groups", { name, initial_contact_ids: ids });
  expect(made.status, await made.clone().text()).toBe(201);
  return ((await made.json()) as { id: string }).id;
}

async function signedIn(path: string, width = 1440): Promise<Page> {
  const { page } = await open(browser, { width, height: width < 800 ? 844 : 900 });
  await signIn(page, "admin", path);
  await settled(page);
  return page;
}

const steps = (page: Page) => page.getByRole("navigation", { name: "Steps" });
const stands = (page: Page) => steps(page).locator("[aria-current='step']");
const picture = async (page: Page, name: string) => {
  if (process.env.VIO_SHOTS) await page.screenshot({ path: `${process.env.VIO_SHOTS}/${name}.png`, fullPage: true });
};

interface Sent {
  to_number: string;
  dynamic_variables: Record<string, string>;
}

beforeAll(async () => {
  browser = await launch();
  await workingHours();
  ask = await asUser();
}, 120_000);
afterAll(() => browser.close());

describe("the steps to a campaign", () => {
  it("are gone through by keys, back without losing anything; what it says is what the agent is told; the consent that lacks is recorded there", { timeout: 240_000 }, async () => {
    const ids = await people(3, 2_000, 2);
    const name = `Steps ${tag}`;
    const group = await groupOf(ids, name);
    const page = await signedIn(`/groups/${group}/call`);
    await expect.poll(() => stands(page).textContent()).toMatch(/Who/);
    await page.getByText(/^3 patients$/).first().waitFor();
    expect(await violations(page)).toEqual([]);
    await picture(page, "step-who");

    // By keys alone: the step that opens has the focus.
    await page.getByRole("button", { name: "Next: When" }).focus();
    await page.keyboard.press("Enter");
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
    await expect.poll(focused).toBe("Step 2 of 4: When");
    await expect.poll(() => stands(page).textContent()).toMatch(/When/);
    expect(await violations(page)).toEqual([]);
    await picture(page, "step-when");

    // A time that is not said stops on its field, whichever step somebody wanted to.
    await page.getByRole("radio", { name: "At a time" }).click();
    await steps(page).getByRole("button", { name: "Check and start" }).click();
    await page.getByText("Say on which day.").waitFor();
    await expect.poll(() => stands(page).textContent()).toMatch(/When/);
    await page.getByRole("radio", { name: "Now" }).click();
    await page.getByRole("radio", { name: "One call every few minutes" }).click();
    await page.getByRole("textbox", { name: "Minutes from one call to the next" }).fill("2");
    await page.getByRole("button", { name: "Next: Words" }).click();

    await page.getByText(/^For example to/).waitFor();
    const added = "We have moved to the first floor.";
    await page.getByRole("textbox", { name: "Words added to the call" }).fill(added);
    const said = page.getByRole("region", { name: "What Vio will say" });
    await said.getByText(`“${added}”`).waitFor();
    expect(await violations(page)).toEqual([]);
    await picture(page, "step-words");
    const words = await said.innerText();

    await page.getByRole("button", { name: "Back", exact: true }).click();
    await expect.poll(() => page.getByRole("textbox", { name: "Minutes from one call to the next" }).inputValue()).toBe("2");
    await page.getByRole("button", { name: "Next: Words" }).click();
    await expect.poll(() => page.getByRole("textbox", { name: "Words added to the call" }).inputValue()).toBe(added);

    // The check says who is left out; recording their consent there lets them be called, and the check is made again.
    await page.getByRole("button", { name: "See what would happen" }).click();
    await page.getByRole("button", { name: /^Call 2 people now$/ }).waitFor();
    const out = page.getByRole("listitem").filter({ hasText: "No consent to calls" });
    await out.getByRole("button", { name: /^See names/ }).click();
    await out.getByRole("link", { name: /^Open record/ }).waitFor();
    expect(await violations(page)).toEqual([]);
    await picture(page, "step-check");
    await out.getByRole("button", { name: "Record consent for 1" }).click();
    const dialog = page.getByRole("dialog", { name: "Record permission for calls" });
    await dialog.getByRole("checkbox").click({ force: true });
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Record for 1 person" }).click();
    const start = page.getByRole("button", { name: /^Call 3 people now$/ });
    await start.waitFor();
    await out.waitFor({ state: "detached" });

    // What leads away from here and back keeps what was entered.
    await steps(page).getByRole("button", { name: /^When/ }).click();
    await page.getByRole("main").getByRole("link", { name: "Call settings" }).click();
    await page.getByRole("heading", { name: "Call settings" }).waitFor();
    await page.goBack();
    await page.getByText("Restored draft").waitFor();
    await expect.poll(() => page.getByRole("textbox", { name: "Minutes from one call to the next" }).inputValue()).toBe("2");
    await steps(page).getByRole("button", { name: "Check and start" }).click();
    await start.click();
    await page.waitForURL(/\/calls\/campaigns\//);
    await page.getByRole("heading", { level: 1, name: new RegExp(name) }).waitFor();

    // The first of them is rung with these words.
    let sent: Sent | undefined;
    for (let step = 0; step < 20 && !sent; step += 1) {
      await new Promise((done) => setTimeout(done, 1_000));
      await dev("clock", { advance_seconds: 20 });
      const calls = (await (await fetch(`${api()}/dev/sandbox/calls`)).json()) as { calls: Sent[] };
      sent = calls.calls.find((each) => each.to_number.startsWith("+441134962"));
    }
    const told = sent?.dynamic_variables ?? {};
    expect(words).toContain(told.business_name ?? "?");
    expect(words).toContain(told.verified_appointment_date ?? "?");
    expect(words).toContain(told.first_name ?? "?");
    expect(told.custom_message).toBe(added);
    expect(words.includes(told.voicemail_message || "no such words")).toBe(told.voicemail_action === "leave_message");
    // What may be said at once stands before what may not.
    const [atOnce = ""] = words.split("Once they say who they are");
    expect(atOnce.includes(told.verified_appointment_date ?? "?")).toBe(told.appointment_date !== "");
    await page.context().close();
  });

  it("are in reach of a thumb on a phone, four beside each other", async () => {
    const group = await groupOf(await people(2, 2_100), `Phone ${tag}`);
    const page = await signedIn(`/groups/${group}/call`, 390);
    for (const step of ["Who", "When", "Words", "Check and start"]) {
      await steps(page).getByRole("button", { name: new RegExp(step) }).click();
      await settled(page);
      if (step === "Check and start") await page.getByRole("button", { name: /^Call 2 people (now|from )/ }).waitFor();
      const boxes = await steps(page).getByRole("button").evaluateAll((list) => list.map((each) => each.getBoundingClientRect().toJSON() as DOMRect));
      expect(new Set(boxes.map(({ top }) => Math.round(top))).size).toBe(1);
      expect(Math.min(...boxes.map(({ height }) => height))).toBeGreaterThanOrEqual(44);
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
      // A link within a sentence is as high as the sentence.
      const small = await page
        .getByRole("main")
        .locator("button, a[href], input:not([type='checkbox']), textarea")
        .evaluateAll((list) => list.filter((each) => getComputedStyle(each).display !== "inline").map((each) => ({ text: each.textContent, box: each.getBoundingClientRect() })).flatMap(({ text, box }) => (box.width > 2 && (box.height < 43.5 || box.width < 43.5) ? [`${text} ${String(box.width)} x ${String(box.height)}`] : [])));
      expect(small).toEqual([]);
      expect(await violations(page)).toEqual([]);
      await picture(page, `step-phone-${step.split(" ")[0] ?? ""}`);
    }
    await page.context().close();
  });
});

describe("people selected in a list", () => {
  const select = async (page: Page, group: string) => {
    await page.goto(new URL(`/groups/${group}/members`, page.url()).href);
    const boxes = page.getByRole("checkbox", { name: /^Select (?!all)/ });
    await boxes.first().waitFor({ state: "attached" });
    await boxes.first().click({ force: true });
  };

  it("are called by the same steps, and the button says how many and from when", { timeout: 120_000 }, async () => {
    const group = await groupOf(await people(2, 2_200), `Some ${tag}`);
    const page = await signedIn("/today");
    await select(page, group);
    await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: "Call 1" }).click();
    const dialog = page.getByRole("dialog", { name: "Call 1 patient" });
    for (const next of ["Next: When", "Next: Words"]) {
      expect(await violations(page)).toEqual([]);
      await dialog.getByRole("button", { name: next }).click();
    }
    await dialog.getByText(/^For example to/).waitFor();
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole("navigation", { name: "Steps" }).getByRole("button", { name: /^When/ }).click();
    await dialog.getByRole("radio", { name: "At a time" }).click();
    const tomorrow = new Date((await clockNow()).getTime() + 86_400_000);
    await dialog.getByRole("group", { name: "Day" }).getByRole("spinbutton").first().click();
    await page.keyboard.type(`${String(tomorrow.getUTCDate()).padStart(2, "0")}${String(tomorrow.getUTCMonth() + 1).padStart(2, "0")}${String(tomorrow.getUTCFullYear())}`);
    await dialog.getByRole("group", { name: "Time" }).getByRole("spinbutton").first().click();
    await page.keyboard.type("1130a");
    await dialog.getByRole("navigation", { name: "Steps" }).getByRole("button", { name: "Check and start" }).click();
    const button = dialog.getByRole("button", { name: /^Call 1 person from / });
    await button.waitFor();
    await expect.poll(() => button.textContent()).toMatch(/^Call 1 person from (tomorrow|[A-Z][a-z]{2} \d+ [A-Z][a-z]{2},) \d+(:\d\d)?[ap]m$/);
    expect(await violations(page)).toEqual([]);
    await picture(page, "selection-check");
    await button.click();
    await page.waitForURL(/\/calls\/campaigns\//);
    await page.getByRole("button", { name: "Stop campaign" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Stop", exact: true }).click();
    await page.context().close();
  });

  it("of more than a hundred become a group, which is called", { timeout: 240_000 }, async () => {
    const group = await groupOf(await people(102, 2_300), `Many ${tag}`);
    const page = await signedIn("/today");
    await expect
      .poll(async () => ((await (await ask("GET", `/api/groups/${group}`)).json()) as { contact_count: number }).contact_count, { timeout: 60_000 })
      .toBe(102);
    await select(page, group);
    await page.getByRole("button", { name: "Select all 102 in this list" }).click();
    await page.getByRole("region", { name: "Selection" }).getByRole("button", { name: "Call 102" }).click();
    const dialog = page.getByRole("dialog", { name: "Call 102 patients" });
    await dialog.getByRole("heading", { name: "You can call up to 100 selected people at once" }).waitFor();
    await dialog.getByText("You chose 102. A group can hold up to 1,000.").waitFor();
    expect(await violations(page)).toEqual([]);
    await picture(page, "selection-many");
    await dialog.getByRole("button", { name: "Make a group of these" }).click();
    await dialog.getByRole("textbox", { name: "Name of the group" }).fill(`Made of ${tag}`);
    await dialog.getByRole("button", { name: "Make it of 102 and go on" }).click();
    await page.getByRole("heading", { level: 1, name: `Call everyone in Made of ${tag}` }).waitFor({ timeout: 60_000 });
    await page.getByText(/^102 patients$/).first().waitFor();
    await page.context().close();
  });
});

it("a sixth campaign is told which ends first, and starts when one has ended", { timeout: 180_000 }, async () => {
  const group = await groupOf(await people(1, 2_600), `Sixth ${tag}`);
  const at = new Date((await clockNow()).getTime() + 20 * 86_400_000).toISOString();
  const begun: string[] = [];
  for (let place = 0; place < 6; place += 1) {
    const answer = await ask("POST", `/api/groups/${group}/call-all`, { call_timing: "scheduled", scheduled_datetime: at });
    if (answer.status === 409) break;
    begun.push(((await answer.json()) as { campaign_id: string }).campaign_id);
  }
  try {
    const page = await signedIn(`/groups/${group}/call`);
    await steps(page).getByRole("button", { name: "Check and start" }).click();
    await page.getByRole("button", { name: /^Call 1 person (now|from )/ }).click();
    const refused = page.getByRole("region", { name: "Five campaigns are already running" });
    await refused.getByText(/ends about|Nobody is called until/).waitFor();
    expect(await violations(page)).toEqual([]);
    await picture(page, "five-running");
    await refused.getByRole("button", { name: "See running" }).waitFor();
    await refused.getByRole("button", { name: "Start when one ends" }).click();
    await refused.getByText("Leave this page open until then.").waitFor();
    const ended = begun.pop();
    expect((await ask("POST", `/api/groups/campaigns/${ended ?? ""}/cancel`, {})).ok).toBe(true);
    await page.waitForURL(/\/calls\/campaigns\//, { timeout: 60_000 });
    begun.push(page.url().split("/").at(-1) ?? "");
    await page.context().close();
  } finally {
    for (const id of begun) await ask("POST", `/api/groups/campaigns/${id}/cancel`, {});
  }
});
