import { useEffect, useRef } from "react";

/** So far apart are messages at least, in ms: what is being read aloud is not cut off by the next thing. */
export const APART = 5_000;
/** So long one stands: the same again is news to a screen reader only where it was gone. */
const STANDS = 4_000;

let said = "";
let last = -Infinity;
let waiting: { about: string; text: string }[] = [];
let next: ReturnType<typeof setTimeout> | undefined;
let gone: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function put(text: string): void {
  said = text;
  for (const listener of listeners) listener();
}

function speak(): void {
  next = undefined;
  last = Date.now();
  put(waiting.map(({ text }) => text).join(" "));
  waiting = [];
  clearTimeout(gone);
  gone = setTimeout(() => put(""), STANDS);
}

/**
 * Tells who listens to the page what came of something they started, or that something was given to them; never what others do. All of it goes
 * through one region: at once, or together five seconds after the last message. Of one thing only what was said last of it.
 */
export function say(text: string, about = text): void {
  waiting = [...waiting.filter((each) => each.about !== about), { about, text }];
  next ??= setTimeout(speak, Math.max(0, last + APART - Date.now()));
}

/** Nothing of one person's is said to the next. */
export function forgetSaid(): void {
  clearTimeout(next);
  next = undefined;
  waiting = [];
  put("");
}

export const saidNow = (): string => said;

export function onSaid(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Says a text that stands on the page when it changes, and not what it was to begin with; an empty one is silence. */
export function useSay(about: string, text: string): void {
  const before = useRef(text);
  useEffect(() => {
    if (before.current === text) return;
    before.current = text;
    if (text) say(text, about);
  }, [about, text]);
}
