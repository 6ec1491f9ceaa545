import { QueryClient } from "@tanstack/react-query";
import { expect, it, vi } from "vitest";
import { every, startLive, TOPICS, type Changed } from "./live";

it("reads again what a source says has changed, and nothing else", () => {
  const client = new QueryClient();
  client.setQueryData(["calls", "a"], 1);
  client.setQueryData(["calls", "b"], 1);
  client.setQueryData(["contacts", "a"], 1);
  let told: Changed = () => undefined;
  const stop = vi.fn();
  const end = startLive(client, {
    start(changed) {
      told = changed;
      return stop;
    },
  });
  told("calls", "a");
  const stale = () => client.getQueryCache().getAll().filter((each) => each.state.isInvalidated).map((each) => each.queryKey.join("/"));
  expect(stale()).toEqual(["calls/a"]);
  told("contacts");
  expect(stale()).toEqual(["calls/a", "contacts/a"]);
  end();
  expect(stop).toHaveBeenCalledOnce();
});

it("asks every so often where somebody does not want to be told at once, and not while nobody looks", () => {
  vi.useFakeTimers();
  const listeners = new Set<() => void>();
  const page = { visibilityState: "visible", addEventListener: (_: string, each: () => void) => listeners.add(each), removeEventListener: (_: string, each: () => void) => listeners.delete(each) };
  vi.stubGlobal("document", page);
  const changed = vi.fn<Changed>();
  const end = every(60_000).start(changed);
  vi.advanceTimersByTime(59_000);
  expect(changed).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect(changed).toHaveBeenCalledTimes(TOPICS.length);
  page.visibilityState = "hidden";
  vi.advanceTimersByTime(600_000);
  expect(changed).toHaveBeenCalledTimes(TOPICS.length);
  page.visibilityState = "visible";
  listeners.forEach((each) => each());
  expect(changed).toHaveBeenCalledTimes(2 * TOPICS.length);
  end();
  expect(listeners.size).toBe(0);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
