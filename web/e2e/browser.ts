import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { inject } from "vitest";

export const PASSWORD = "Tidal-Heron-4-Lanterns";
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const base = (): string => inject("base");
export const api = (): string => inject("api");

/** A name of its own: tests share a clinic, and names hold no digits. */
export const letters = (): string => Array.from({ length: 7 }, () => "abcdefghij"[Math.floor(Math.random() * 10)]).join("");

/** A Chromium; another one if it ends while it starts. */
export const launch = (): Promise<Browser> => {
  const begun = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGS });
  return begun().catch(begun);
};

export interface Look {
  theme?: "light" | "dark";
  contrast?: "high";
  text?: "14" | "16" | "18" | "20";
  pages?: "10" | "25" | "50" | "100";
  contacts?: "grid" | "list" | "compact";
}

const looks = new WeakMap<BrowserContext, Look>();

export async function open(browser: Browser, { width = 1440, height = 900, look = {} }: { width?: number; height?: number; look?: Look } = {}): Promise<{ context: BrowserContext; page: Page; problems: string[] }> {
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: "reduce", hasTouch: width < 800 });
  // As this device knows it already, or the first paint would be of another list.
  const contacts = ({ grid: "cards", list: "table", compact: "list" } as const)[look.contacts ?? "list"];
  await context.addInitScript((value) => localStorage.setItem("vio.look", value), JSON.stringify({ ...look, contacts }));
  looks.set(context, look);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  return { context, page, problems };
}

const PLAIN = { sidebar_behavior: "auto_collapse", real_time_updates: true, default_dashboard_view: "overview" };

/** The look is kept with the account, which outweighs the copy on a device. */
async function keepLook(who: "admin" | "reception" | "readonly", look: Look): Promise<void> {
  const ask = await asUser(who);
  const text = { "14": "small", "16": "medium", "18": "large", "20": "extra_large" }[look.text ?? "16"];
  const pages = look.pages ? { scroll_lists: false, items_per_page: Number(look.pages) } : { scroll_lists: true };
  const answer = await ask("PATCH", "/api/users/preferences", { theme: look.theme ?? "light", high_contrast_mode: look.contrast === "high", font_size: text, ...pages, ...PLAIN, default_contact_view: look.contacts ?? "list" });
  if (!answer.ok) throw new Error(`the look was not kept: ${String(answer.status)} ${await answer.text()}`);
}

export async function signIn(page: Page, who: "admin" | "reception" | "readonly" = "admin", path = "/today"): Promise<void> {
  await keepLook(who, looks.get(page.context()) ?? {});
  await page.goto(base() + path);
  await page.getByLabel("Email address").fill(`${who}@riverside.example`);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).first().waitFor();
}

/** The text as large as somebody set it in the browser, in per cent: what `rem` and the widths at which the layout changes follow. */
export async function enlarge(page: Page, percent: number): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Page.setFontSizes", { fontSizes: { standard: Math.round((16 * percent) / 100), fixed: Math.round((13 * percent) / 100) } });
}

export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelectorAll("[class*='skeleton']").length === 0);
  await page.waitForTimeout(350);
}

interface Violation {
  id: string;
  impact: string;
  help: string;
  nodes: { html: string; failureSummary: string }[];
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong by WCAG 2.2 A and AA and its own best practices. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe: tool } = window as unknown as { axe: { run: (context: Document, options: object) => Promise<{ violations: Violation[] }> } };
    return (await tool.run(document, { resultTypes: ["violations"] })).violations;
  });
  return found.map((each) => `${each.id}: ${each.help}\n${each.nodes.slice(0, 3).map((node) => `    ${node.html.slice(0, 220)}\n    ${node.failureSummary.split("\n").slice(1, 3).join(" ")}`).join("\n")}`);
}

/** A call to the API as a user, beside the console. */
export async function asUser(who: "admin" | "reception" | "readonly" = "admin"): Promise<(method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Response>> {
  const answer = await fetch(`${api()}/api/auth/sign-in`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email: `${who}@riverside.example`, password: PASSWORD }) });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return (method, path, body, headers = {}) =>
    fetch(api() + path, { method, headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }), ...headers }, ...(body !== undefined && { body: JSON.stringify(body) }) });
}

export async function dev(path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${api()}/dev/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`/dev/${path}: ${String(answer.status)} ${await answer.text()}`);
  return answer.json();
}

export async function clockNow(): Promise<Date> {
  const answer = (await (await fetch(`${api()}/dev/clock`)).json()) as { now: string };
  return new Date(answer.now);
}

/** Goes on to the next hour in which people are rung, where this is none. Whoever was signed in may not be any more. */
export async function workingHours(): Promise<void> {
  const at = await clockNow();
  const closed = () => at.getUTCDay() % 6 === 0 || at.getUTCHours() < 9 || at.getUTCHours() > 15;
  if (!closed()) return;
  while (closed()) at.setTime(at.getTime() - (at.getTime() % 3_600_000) + 3_600_000);
  await dev("clock", { now: at.toISOString() });
}
