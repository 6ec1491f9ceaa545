import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { measure, now, onMeasured } from "./clock";

const HERE = "2026-03-02T09:00:00.000Z";
const told = vi.fn();
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(HERE) });
  stop = onMeasured(told);
});
afterEach(() => {
  stop();
  measure(new Date().toUTCString());
  told.mockClear();
  vi.useRealTimers();
});

const off = (): number => (now().getTime() - Date.now()) / 1000;

it("goes by this machine while the server's clock cannot be told from it", () => {
  measure(null);
  measure("yesterday");
  measure("Mon, 02 Mar 2026 08:59:59 GMT");
  measure("Mon, 02 Mar 2026 09:00:00 GMT");
  expect(off()).toBe(0);
  expect(told).not.toHaveBeenCalled();
});

it("goes by a server whose clock is elsewhere, tells of it once, and comes back", () => {
  measure("Tue, 03 Mar 2026 08:00:00 GMT");
  expect(off()).toBe(23 * 3600 + 0.5);
  measure("Tue, 03 Mar 2026 08:00:01 GMT");
  expect(off()).toBe(23 * 3600 + 0.5);
  expect(told).toHaveBeenCalledTimes(1);
  measure("Mon, 02 Mar 2026 09:00:00 GMT");
  expect(off()).toBe(0);
  expect(told).toHaveBeenCalledTimes(2);
});

it("says nothing of what no page would notice", () => {
  measure("Mon, 02 Mar 2026 09:00:10 GMT");
  expect(off()).toBe(10.5);
  expect(told).not.toHaveBeenCalled();
});
