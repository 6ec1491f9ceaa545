import type { Schemas } from "@/api/client";
import { isStatus, type AppointmentStatus } from "../status";

type Entry = Pick<Schemas["HistoryEntry"], "id" | "at" | "by" | "fields" | "details">;

export interface StatusChange {
  key: string;
  at: string;
  status: AppointmentStatus;
  by: Entry["by"];
  reason?: string;
}

const isPair = (value: unknown): value is [unknown, unknown] => Array.isArray(value) && value.length === 2;

/** What the history says of appointments that got another status; a new appointment has none before. */
export function statusChanges(entries: Entry[]): StatusChange[] {
  return entries
    .filter((entry) => entry.fields.includes("appointment_status"))
    .flatMap((entry) => {
      const details = entry.details ?? {};
      const reason = details.reason;
      return Object.entries(details).flatMap(([appointment, changed]) => {
        const pair = (changed as Record<string, unknown> | null)?.appointment_status;
        if (!isPair(pair) || pair[0] === null) return [];
        const status = String(pair[1]);
        if (!isStatus(status)) return [];
        return [{ key: `${entry.id}${appointment}`, at: entry.at, status, by: entry.by, ...(typeof reason === "string" && { reason }) }];
      });
    });
}
