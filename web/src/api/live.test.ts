import { QueryClient } from "@tanstack/react-query";
import { expect, it, vi } from "vitest";
import { startLive, type Changed } from "./live";

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
