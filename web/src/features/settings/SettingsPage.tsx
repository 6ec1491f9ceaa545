import { Link } from "@tanstack/react-router";
import { UserRound } from "lucide-react";
import type { ComponentType } from "react";
import { CallMeter } from "@/features/calls/CallMeter";
import { useMay } from "@/features/session/use";
import { useRail } from "@/features/shell/useRail";
import { useNarrow } from "@/lib/useNarrow";
import { Problem } from "@/ui/Badge";
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
import { useProblems } from "./problems";
import { SECTIONS } from "./sections";
import css from "./settings.module.css";

const SHOW: Record<(typeof SECTIONS)[number]["id"], ComponentType> = { business: Business, calls: Calling, integrations: Integrations, developers: Developers, team: Team, privacy: Privacy, locations: Locations, lists: Lists };
const PAGES = SECTIONS.map((each) => ({ ...each, show: SHOW[each.id] }));

/** What a business sets once; a section without its permission is not there. */
export default function SettingsPage() {
  const section = useParam("section");
  const may = useMay();
  const phone = useNarrow("48rem");
  const rail = useRail();
  const problem = useProblems().integrations;
  const shown = PAGES.filter((each) => may(each.needs));
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
                {id === "integrations" && problem && <Problem words={problem} />}
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
