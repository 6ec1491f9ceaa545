import { cpus, loadavg } from "node:os";
import type { BrowserContext, Page } from "playwright-core";

export interface Seen {
  /** When the largest thing was painted, in ms since the navigation, and which it was. */
  lcp: number;
  largest: string;
  /** All shifts of the layout that no input explains, added up: stricter than the worst five seconds, which CLS counts. */
  cls: number;
  shifted: string[];
  /** Tasks that kept the page from answering, in ms. */
  long: number[];
  /** When what the page is for was there, its rows for example, in ms since the navigation. */
  there?: number;
}

/** What a page may take at most. */
export const MOST = { lcp: 1000, cls: 0.05, long: 200, key: 50 };

/** What takes time takes longer where other work waits for the processors too: the limits are doubled then, and hold as they are otherwise. */
export const slack = (): number => ((loadavg()[0] ?? 0) > cpus().length + 1 ? 2 : 1);

/** Every page of the context writes down what it does to the person in front of it. */
export async function watch(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const seen: Seen = { lcp: 0, largest: "", cls: 0, shifted: [], long: [] };
    (window as unknown as { seen: Seen }).seen = seen;
    interface Shift extends PerformanceEntry {
      value: number;
      hadRecentInput: boolean;
      sources: { node: Node | null; previousRect: DOMRectReadOnly; currentRect: DOMRectReadOnly }[];
    }
    const name = (node: Node | null | undefined) => (node instanceof Element ? node.outerHTML.slice(0, 90) : (node?.textContent ?? "").slice(0, 60));
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { element?: Element })[]) {
        seen.lcp = entry.startTime;
        seen.largest = name(entry.element);
      }
    }).observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[]) {
        if (entry.hadRecentInput) continue;
        seen.cls += entry.value;
        const moved = (each: Shift["sources"][number]) => `${String(Math.round(each.previousRect.y))} to ${String(Math.round(each.currentRect.y))} ${name(each.node)}`;
        seen.shifted.push(`${entry.value.toFixed(4)} at ${String(Math.round(entry.startTime))} ms: ${entry.sources.map(moved).join(" | ")}`);
      }
    }).observe({ type: "layout-shift", buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.long.push(Math.round(entry.duration));
    }).observe({ type: "longtask", buffered: true });
  });
}

/**
 * Counts from the next such event on until the page has painted what `done` waits for: `focus` is another row with the focus, `rows` are rows
 * that stand in for others, as the bar above them goes.
 */
export async function time(page: Page, event: "keydown" | "click", done: "focus" | "rows", act: () => Promise<unknown>): Promise<number> {
  await page.evaluate(
    ([type, until]) => {
      const box = window as unknown as { taken?: Promise<number> };
      box.taken = new Promise((resolve) => {
        addEventListener(
          type,
          (from) => {
            const painted = () =>
              requestAnimationFrame(() => {
                const after = new MessageChannel();
                after.port1.onmessage = () => resolve(performance.now() - from.timeStamp);
                after.port2.postMessage(null);
              });
            if (until === "focus") addEventListener("focusin", painted, { once: true, capture: true });
            else {
              let reading = false;
              const watch = new MutationObserver(() => {
                const bar = document.querySelector("[data-rereading]") !== null;
                if (reading && !bar) {
                  watch.disconnect();
                  painted();
                }
                reading = bar;
              });
              watch.observe(document.body, { subtree: true, childList: true });
            }
          },
          { once: true, capture: true },
        );
      });
    },
    [event, done] as const,
  );
  await act();
  return page.evaluate(() => Promise.race([(window as unknown as { taken: Promise<number> }).taken, new Promise<never>((_, fail) => setTimeout(() => fail(new Error("nothing came of it")), 20_000))]));
}

export const median = (all: number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;

export const seenOn = (page: Page): Promise<Seen> => page.evaluate(() => (window as unknown as { seen: Seen }).seen);
