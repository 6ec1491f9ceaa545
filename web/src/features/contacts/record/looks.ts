import type { Schemas } from "@/api/client";

export type HistoryEntry = Schemas["HistoryEntry"];

/** Whether somebody only looked at something of the record. */
export const isLook = (entry: HistoryEntry): boolean => entry.action.endsWith("viewed");

/** Changes one by one; what one person looked at between two of them as one line, or the looks would bury the changes. */
export function gathered(entries: HistoryEntry[]): { entry: HistoryEntry; times: number }[] {
  const rows: { entry: HistoryEntry; times: number }[] = [];
  for (const entry of entries) {
    const before = rows.at(-1);
    if (before && isLook(entry) && isLook(before.entry) && before.entry.by.user_id === entry.by.user_id && before.entry.by.kind === entry.by.kind) before.times += 1;
    else rows.push({ entry, times: 1 });
  }
  return rows;
}
