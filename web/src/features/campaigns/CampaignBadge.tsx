import { CalendarClock, Check, CircleStop, Hourglass, Pause, PhoneCall, type LucideIcon } from "lucide-react";
import { Badge, type Tone } from "@/ui/Badge";

const WORDS: Record<string, { word: string; icon: LucideIcon; tone: Tone }> = {
  preparing: { word: "Preparing", icon: Hourglass, tone: "neutral" },
  scheduled: { word: "Scheduled", icon: CalendarClock, tone: "neutral" },
  executing: { word: "Calling", icon: PhoneCall, tone: "calling" },
  paused: { word: "Paused", icon: Pause, tone: "attention" },
  completed: { word: "Finished", icon: Check, tone: "confirmed" },
  cancelled: { word: "Stopped", icon: CircleStop, tone: "neutral" },
};

export function CampaignBadge({ status }: { status: string }) {
  const { word, icon, tone } = WORDS[status] ?? { word: status, icon: Hourglass, tone: "neutral" as const };
  return (
    <Badge tone={tone} icon={icon}>
      {word}
    </Badge>
  );
}
