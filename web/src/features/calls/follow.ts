import { useSyncExternalStore } from "react";
import { forgetAtEnd } from "@/api/session";

/** The calls that somebody started on this page and follows. Ids only. */
let followed: { sessionId: string; contactId: string }[] = [];
let open = false;
const listeners = new Set<() => void>();
let snapshot = { followed, open };

function changed(): void {
  snapshot = { followed, open };
  for (const listener of listeners) listener();
}

export function follow(sessionId: string, contactId: string): void {
  followed = [{ sessionId, contactId }, ...followed.filter((each) => each.sessionId !== sessionId)].slice(0, 8);
  open = true;
  changed();
}

export function unfollow(sessionId: string): void {
  followed = followed.filter((each) => each.sessionId !== sessionId);
  if (followed.length === 0) open = false;
  changed();
}

export function openCalls(next: boolean): void {
  open = next;
  changed();
}

forgetAtEnd(() => {
  followed = [];
  openCalls(false);
});

export const followedNow = () => snapshot;

export const useFollowed = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    followedNow,
  );
