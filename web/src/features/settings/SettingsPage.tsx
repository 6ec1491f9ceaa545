import { Link } from "@tanstack/react-router";
import { Building2, Code, MapPin, PhoneCall, Plug, ShieldCheck, Tags, UserRound, Users, type LucideIcon } from "lucide-react";
import type { ComponentType } from "react";
import { CallMeter } from "@/features/calls/CallMeter";
import { useMay, type Permission } from "@/features/session/use";
import { useRail } from "@/features/shell/useRail";
import { useNarrow } from "@/lib/useNarrow";
import { Empty } from "@/ui/Notes";
import { useParam } from "@/lib/useParam";
import { PageHeader } from "@/ui/Panel";
import { cx } from "@/ui/cx";
import { Business } from "./Business";
import { Calling } from "./Calling";
import { Developers } from "./Developers";
import { Integrations } from "./Integrations";
import { Lists } from "./Lists";
import { Locations } from "./Locations";
import { Privacy } from "./Privacy";
import { Team } from "./Team";
import { BackLink } from "./BackLink";
import css from "./settings.module.css";

const SECTIONS: { id: string; name: string; icon: LucideIcon; needs: Permission; show: ComponentType }[] = [
  { id: "business", name: "Business", icon: Building2, needs: "manage_business_settings", show: Business },
  { id: "calls", name: "Call settings", icon: PhoneCall, needs: "configure_call_settings", show: Calling },
  { id: "integrations", name: "Integrations", icon: Plug, needs: "configure_integrations", show: Integrations },
  { id: "developers", name: "Developers", icon: Code, needs: "configure_integrations", show: Developers },
  { id: "team", name: "Team", icon: Users, needs: "manage_team_members", show: Team },
  { id: "privacy", name: "Privacy", icon: ShieldCheck, needs: "manage_compliance_settings", show: Privacy },
  { id: "locations", name: "Locations", icon: MapPin, needs: "manage_business_settings", show: Locations },
  { id: "lists", name: "Types and tags", icon: Tags, needs: "manage_business_settings", show: Lists },
];

/** What a business sets once; a section without its permission is not there. */
export default function SettingsPage() {
  const section = useParam("section");
  const may = useMay();
  const phone = useNarrow("48rem");
  const rail = useRail();
  const shown = SECTIONS.filter((each) => may(each.needs));
  const chosen = shown.find((each) => each.id === section) ?? (phone ? undefined : shown[0]);
  const Chosen = chosen?.show;
  return (
    <>
      <PageHeader title={phone && !section ? "More" : "Settings"} />
      <div className={css.page}>
        {(!phone || !section) && (
          <nav aria-label="Settings" className={css.nav}>
            {shown.map(({ id, name, icon: Icon }) => (
              <Link key={id} to="/settings/$section" params={{ section: id }} className={cx(css.entry, id === chosen?.id && css.current)} aria-current={id === chosen?.id ? "page" : undefined}>
                <Icon size={17} aria-hidden /> {name}
              </Link>
            ))}
            <Link to="/account" className={css.entry}>
              <UserRound size={17} aria-hidden /> Your account
            </Link>
          </nav>
        )}
        <div className={css.body}>
          {(phone ? !section : rail) && <CallMeter />}
          {phone && section && <BackLink to="/settings">All settings</BackLink>}
          {Chosen ? <Chosen /> : shown.length === 0 && <Empty title="Your account has no settings of the business">An administrator can grant them. What is yours alone is under Your account.</Empty>}
        </div>
      </div>
    </>
  );
}
