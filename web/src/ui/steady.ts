/** A list as it stands while a hand is on it: what is in it keeps its place, what left it is gone, what came waits. */
export function steady<T>(held: readonly string[] | null, items: readonly T[], keyOf: (item: T) => string): { rows: readonly T[]; waiting: number } {
  if (!held) return { rows: items, waiting: 0 };
  const now = new Map(items.map((item) => [keyOf(item), item]));
  const rows = held.flatMap((key) => {
    const item = now.get(key);
    return item === undefined ? [] : [item];
  });
  return { rows, waiting: now.size - rows.length };
}
