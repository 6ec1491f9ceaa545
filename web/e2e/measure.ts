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
export const MOST = { lcp: 1000, cls: 0.05, long: 200 };

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

export const seenOn = (page: Page): Promise<Seen> => page.evaluate(() => (window as unknown as { seen: Seen }).seen);
