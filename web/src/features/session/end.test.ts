import { afterEach, expect, it, vi } from "vitest";
import { client } from "@/api/cache";
import { expire, signIn, signOut } from "@/api/session";
import { follow, followedNow } from "@/features/calls/follow";
import { lastNow, setLast, type LastChange } from "@/features/contacts/bulk";
import { isHidden, toggleHidden } from "@/features/preferences/hidden";

afterEach(() => vi.unstubAllGlobals());

const kept = () => [followedNow().followed.length, followedNow().open, lastNow() !== null, isHidden(), client.getQueryData(["contacts"])];

it("leaves nothing of one person to the next, whichever way it ends, and all of it while it has only expired", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ access_token: "a", expires_in: 900, user: { id: "1" } })));
  await signIn({ email: "a@example.org", password: "secret" });
  follow("session", "contact");
  setLast({ text: "20 set to confirmed." } as LastChange);
  toggleHidden();
  client.setQueryData(["contacts"], ["somebody"]);
  const before = kept();
  expect(before).toEqual([1, true, true, true, ["somebody"]]);
  await expire();
  expect(kept()).toEqual(before);
  await signOut();
  expect(kept()).toEqual([0, false, false, false, undefined]);
});
