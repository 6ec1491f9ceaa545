import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asUser, base, clockNow, dev, enlarge, launch, open, settled, signIn, workingHours } from "./browser";
import { MOST, seenOn, watch } from "./measure";

let browser: Browser;
let ask: Awaited<ReturnType<typeof asUser>>;

const letters = (): string => Array.from({ length: 7 }, () => "abcdefghij"[Math.floor(Math.random() * 10)]).join("");
/** Numbers of nobody else here: the limit of calls to one number is not what is looked at. */
const number = (place: number): string => `+44113496${String(Math.floor(Math.random() * 80) * 12 + place).padStart(4, "0")}`;
const CONSENT = { voice_consent: { method: "verbal" }, hipaa_checklist: { consent_obtained: true, minimum_necessary: true, no_phi_in_instructions: true, sensitivity_set: true, staff_trained: true } };

async function booked(name: string, place: number, at: string): Promise<string> {
  const answer = await ask("POST", "/api/contacts", { name, phone: number(place), appointment_time: at, appointment_type: "Check-up", owner_name: "Dr Anastasia Papadopoulos-Wellington", ...CONSENT, on_duplicate: "create_new" });
  expect(answer.status, await answer.clone().text()).toBe(201);
  return ((await answer.json()) as { id: string }).id;
}

/** A morning with much to tell: failed calls, people who changed their minds, somebody put off, who came in over night, a campaign and calls on the phone. */
async function muchToTell(): Promise<void> {
  await workingHours();
  ask = await asUser();
  const due = await clockNow();
  do due.setUTCDate(due.getUTCDate() + 1);
  while (due.getUTCDay() % 6 === 0);
  const day = due.toISOString().slice(0, 10);
  await dev("sandbox/script", { default: { disconnection_reason: "invalid_destination" } });
  const failing: string[] = [];
  for (let place = 0; place < 12; place += 1) failing.push(await booked(`${["Ann", "Bartholomew Alexander", "Ngozi"][place % 3] ?? ""} ${letters()}`, place, `${day}T1${String(place % 6)}:30`));
  for (const id of failing) await ask("POST", `/api/contacts/${id}/call-now`, {});
  const work = async () => ((await (await ask("GET", "/api/attention?status=open&page_size=100")).json()) as { attention: { attention_id: string; contact: { id: string } }[] }).attention.filter((each) => failing.includes(each.contact.id));
  for (let minute = 0; minute < 20 && (await work()).length < failing.length; minute += 1) {
    await dev("clock", { advance_seconds: 60 });
    await new Promise((done) => setTimeout(done, 700));
  }
  const open_ = await work();
  expect(open_.length).toBe(failing.length);
  const { attention_id: first } = open_[0] ?? { attention_id: "" };
  const one = await ask("GET", `/api/attention/${first}`);
  const later = new Date(due.getTime() + 86_400_000).toISOString();
  const snoozed = await ask("POST", `/api/attention/${first}/snooze`, { until: later }, { "if-match": one.headers.get("etag") ?? "" });
  expect(snoozed.ok, await snoozed.clone().text()).toBe(true);
  for (const [place, status] of ["confirmed", "cancelled", "confirmed"].entries()) {
    const answer = await ask("PATCH", `/api/contacts/${failing[place + 1] ?? ""}`, { appointment_status: status, reason: "Rang us" });
    expect(answer.status, await answer.clone().text()).toBe(200);
  }
  const night = new Date(`${day}T05:00:00Z`);
  await dev("clock", { now: night.toISOString() });
  ask = await asUser();
  for (let place = 0; place < 5; place += 1) await booked(`Overnight ${letters()}`, place, `${day}T1${String(place)}:00`);
  await dev("clock", { now: `${day}T08:05:00Z` });
  ask = await asUser();
  // On the phone for as long as this is looked at.
  await dev("sandbox/script", { default: { disconnection_reason: "user_hangup", appointment_action: "confirmed", duration_seconds: 1_500 } });
  const talking: string[] = [];
  for (let place = 6; place < 9; place += 1) talking.push(await booked(`Talking ${letters()}`, place, `${day}T17:30`));
  for (const id of talking) {
    const called = await ask("POST", `/api/contacts/${id}/call-now`, {});
    expect(called.ok, await called.clone().text()).toBe(true);
  }
}

/** The same question takes as long each time, and each another time: what is asked first does not come first. */
const wait = (what: string, seed: number): number => [...what].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0) + seed) % 997, 7) % 600;

/** Has the answers come late, each round in another order. */
async function slowly(context: BrowserContext): Promise<(round: number) => void> {
  let seed = 0;
  await context.route("**/api/**", async (route) => {
    const request = route.request();
    await new Promise((done) => setTimeout(done, wait(`${request.url()}${request.postData() ?? ""}`, seed)));
    // Nobody waits any more for what a page asked that was left.
    await route.continue().catch(() => undefined);
  });
  return (round) => {
    seed = round;
  };
}

/** What is on the work list. */
async function listed(): Promise<string> {
  const answer = await ask("GET", "/api/attention?status=open&page_size=100");
  return ((await answer.json()) as { attention: { attention_id: string }[] }).attention.map((each) => each.attention_id).join();
}

beforeAll(async () => {
  browser = await launch();
  await muchToTell();
}, 300_000);
afterAll(async () => {
  await dev("sandbox/script", { default: { disconnection_reason: "agent_hangup", appointment_action: "confirmed" } });
  await browser.close();
});

async function arrive(page: Page): Promise<void> {
  await page.goto("about:blank");
  await page.goto(`${base()}/today`);
  await page.getByRole("heading", { name: /^Today’s appointments/ }).waitFor();
  await page.getByRole("heading", { name: /^Next calls/ }).waitFor();
  await settled(page);
  await page.waitForTimeout(1_000);
}

/** Names of the work list that lie on what stands beside or under them. */
const covered = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("main a[data-row]")].flatMap((name) => {
      const words = document.createRange();
      words.selectNodeContents(name);
      const [own, next] = [words.getBoundingClientRect(), name.nextElementSibling?.getBoundingClientRect()];
      return next && next.left < own.right && next.top < own.bottom - 3 ? [name.textContent] : [];
    }),
  );

it.each([
  [1440, 900, 100],
  [1024, 768, 100],
  [820, 1180, 100],
  [390, 844, 100],
  [390, 844, 200],
])("a morning with much to tell keeps its place at %i x %i with text of %i per cent, in whatever order the answers come", { timeout: 180_000 }, async (width, height, text) => {
  const { page, context } = await open(browser, { width, height });
  await enlarge(page, text);
  await watch(context);
  await signIn(page);
  await page.getByText(/^Talking|^Ringing|^Starting/).first().waitFor();
  const found: string[] = [];
  const order = await slowly(context);
  for (const round of [1, 2]) {
    order(round);
    // Somebody whose call fails meanwhile comes in at their place, which is news and not a page that moves.
    for (let tries = 0; tries < 6; tries += 1) {
      const before = await listed();
      await arrive(page);
      if ((await listed()) === before) break;
      expect(tries).toBeLessThan(5);
    }
    // There is much to tell: each of these pushed something down.
    for (const name of [/^Snoozed/, /^Nobody’s/]) expect(await page.getByRole("radio", { name }).count()).toBe(1);
    expect(await page.getByText("new in needs attention").count()).toBe(1);
    expect(await covered(page)).toEqual([]);
    const { cls, shifted } = await seenOn(page);
    process.stdout.write(`Today at ${String(width)}, text ${String(text)} %: CLS ${cls.toFixed(4)}\n${shifted.map((each) => `    ${each}\n`).join("")}`);
    if (cls > MOST.cls) found.push(`${String(cls)}: ${shifted.join("; ")}`);
  }
  expect(found).toEqual([]);
  await context.close();
});
