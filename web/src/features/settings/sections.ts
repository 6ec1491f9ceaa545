import { Bell, Building2, Code, KeyRound, MapPin, Palette, PhoneCall, Plug, ShieldCheck, Tags, UserRound, Users, type LucideIcon } from "lucide-react";
import type { Permission } from "@/features/session/use";

/** What a business sets, and what it takes to. */
export const SECTIONS = [
  { id: "business", name: "Business", icon: Building2, needs: "manage_business_settings" },
  { id: "calls", name: "Call settings", icon: PhoneCall, needs: "configure_call_settings" },
  { id: "integrations", name: "Integrations", icon: Plug, needs: "configure_integrations" },
  { id: "developers", name: "Developers", icon: Code, needs: "configure_integrations" },
  { id: "team", name: "Team", icon: Users, needs: "manage_team_members" },
  { id: "privacy", name: "Privacy", icon: ShieldCheck, needs: "manage_compliance_settings" },
  { id: "locations", name: "Locations", icon: MapPin, needs: "manage_business_settings" },
  { id: "lists", name: "Types and tags", icon: Tags, needs: "manage_business_settings" },
] as const satisfies { id: string; name: string; icon: LucideIcon; needs: Permission }[];

/** What is a user's alone. */
export const OWN = [
  { id: "profile", name: "Profile", icon: UserRound },
  { id: "security", name: "Security", icon: KeyRound },
  { id: "notifications", name: "Notifications", icon: Bell },
  { id: "look", name: "Look", icon: Palette },
] as const satisfies { id: string; name: string; icon: LucideIcon }[];
