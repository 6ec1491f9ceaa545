import { CalendarCheck, Layers, Phone, Settings, Users, type LucideIcon } from "lucide-react";
import { useNouns } from "@/features/session/business";
import { useMay } from "@/features/session/use";

export interface Entry {
  to: "/today" | "/contacts" | "/groups" | "/calls" | "/settings";
  name: string;
  icon: LucideIcon;
  key: string;
}

/** The menu: what a user has no permission for is not in it. */
export function useEntries(): Entry[] {
  const may = useMay();
  const nouns = useNouns();
  const all: (Entry & { shown: boolean })[] = [
    { to: "/today", name: "Today", icon: CalendarCheck, key: "t", shown: may("view_contacts") },
    { to: "/contacts", name: nouns.Many, icon: Users, key: "p", shown: may("view_contacts") },
    { to: "/groups", name: "Groups", icon: Layers, key: "g", shown: may("view_contacts") },
    { to: "/calls", name: "Calls", icon: Phone, key: "c", shown: may("view_call_results") },
    { to: "/settings", name: "Settings", icon: Settings, key: "s", shown: true },
  ];
  return all.filter((each) => each.shown);
}
