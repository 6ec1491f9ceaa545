/** Which columns of the list of contacts a user wants, in which order and how wide. Kept with the account, with a copy on this device; it names nobody. */
export interface Choice {
  shown: string[];
  widths: Record<string, number>;
}

const listeners = new Set<() => void>();

/** Where the copy lies. */
export const columnsKey = (user: string): string => `vio.columns.${user}`;

/** Takes over the columns that are known elsewhere already. */
export function adoptColumns(user: string, next: Choice | null): void {
  if (next) localStorage.setItem(columnsKey(user), JSON.stringify(next));
  else localStorage.removeItem(columnsKey(user));
  for (const listener of listeners) listener();
}

export function onColumns(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
