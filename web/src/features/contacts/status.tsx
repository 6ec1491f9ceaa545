import { CalendarSync, Check, Clock, X, type LucideIcon } from "lucide-react";
import { Badge, type Tone } from "@/ui/Badge";

export const STATUSES = ["pending", "confirmed", "rescheduled", "cancelled"] as const;
export type AppointmentStatus = (typeof STATUSES)[number];

export const STATUS: Record<AppointmentStatus, { word: string; icon: LucideIcon; tone: Tone }> = {
  pending: { word: "Waiting", icon: Clock, tone: "waiting" },
  confirmed: { word: "Confirmed", icon: Check, tone: "confirmed" },
  rescheduled: { word: "Moved", icon: CalendarSync, tone: "moved" },
  cancelled: { word: "Cancelled", icon: X, tone: "cancelled" },
};

export const isStatus = (text: string): text is AppointmentStatus => (STATUSES as readonly string[]).includes(text);

export function StatusBadge({ status, plain = false }: { status: string; plain?: boolean }) {
  if (!isStatus(status)) return <Badge tone="neutral">{status}</Badge>;
  const { word, icon, tone } = STATUS[status];
  return (
    <Badge tone={tone} icon={icon} plain={plain}>
      {word}
    </Badge>
  );
}
