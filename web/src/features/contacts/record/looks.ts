/** Whether somebody only looked at something of a record. */
export const isLook = (entry: { action: string }): boolean => entry.action.endsWith("viewed");

/** Changes one by one; what one person looked at between two of them as one line, or the looks would bury the changes. */
export function gathered<T extends { action: string }>(entries: T[], who: (entry: T) => string): { entry: T; times: number }[] {
  const rows: { entry: T; times: number }[] = [];
  for (const entry of entries) {
    const before = rows.at(-1);
    if (before && isLook(entry) && isLook(before.entry) && who(before.entry) === who(entry)) before.times += 1;
    else rows.push({ entry, times: 1 });
  }
  return rows;
}
