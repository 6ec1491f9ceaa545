/** The first key of two, and when it was pressed. */
export interface Prefix {
  key: string;
  at: number;
}

/** Keys that begin a pair on every page: `V C` means nothing on a record, and must not be the C that calls somebody. */
const PREFIXES = new Set(["g", "v"]);

/** Long, because the second letter alone may call somebody: too late is worse than swallowed. */
export const PREFIX_FOR = 3_000;

/** What a key is in a text field, where it is not a shortcut's. */
const EDITING = new Set(["ctrl+a", "ctrl+c", "ctrl+v", "ctrl+x", "ctrl+y", "ctrl+z"]);

export const isEditing = (name: string): boolean => EDITING.has(name);

const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock"]);

export const isModifier = (key: string): boolean => MODIFIERS.has(key);

/** Held down, only what moves does so again. */
export const mayRepeat = (name: string): boolean => name === "j" || name === "k";

export const waits = (prefix: Prefix | null, at: number): prefix is Prefix => prefix !== null && at - prefix.at < PREFIX_FOR;

/**
 * What a key means after the one before it: the name of a shortcut, and the prefix it leaves. After a prefix it is the second of a pair and nothing
 * else, whether there is such a pair or not.
 */
export function heard(before: Prefix | null, key: string, at: number): { name: string | null; prefix: Prefix | null } {
  if (waits(before, at)) return { name: `${before.key} ${key}`, prefix: null };
  if (PREFIXES.has(key)) return { name: null, prefix: { key, at } };
  return { name: key, prefix: null };
}
