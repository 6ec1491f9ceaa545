import { Link } from "@tanstack/react-router";
import { Bell, KeyRound, Palette, UserRound } from "lucide-react";
import { useParam } from "@/lib/useParam";
import { PageHeader } from "@/ui/Panel";
import { useNarrow } from "@/lib/useNarrow";
import { cx } from "@/ui/cx";
import { BackLink } from "./BackLink";
import { LookSettings } from "./LookSettings";
import { Notifications } from "./Notifications";
import { Profile } from "./Profile";
import { Security } from "./Security";
import css from "./settings.module.css";

const SECTIONS = [
  { id: "profile", name: "Profile", icon: UserRound, show: Profile },
  { id: "security", name: "Security", icon: KeyRound, show: Security },
  { id: "notifications", name: "Notifications", icon: Bell, show: Notifications },
  { id: "look", name: "Look", icon: Palette, show: LookSettings },
] as const;

/** What is the user's alone. */
export default function AccountPage() {
  const section = useParam("section");
  const phone = useNarrow("48rem");
  const chosen = SECTIONS.find((each) => each.id === section) ?? (phone ? undefined : SECTIONS[0]);
  return (
    <>
      <PageHeader title="Your account" />
      <div className={css.page}>
        {(!phone || !chosen) && <nav aria-label="Your account" className={css.nav}>
          {SECTIONS.map(({ id, name, icon: Icon }) => (
            <Link key={id} to="/account/$section" params={{ section: id }} className={cx(css.entry, id === chosen?.id && css.current)} aria-current={id === chosen?.id ? "page" : undefined}>
              <Icon size={17} aria-hidden /> {name}
            </Link>
          ))}
        </nav>}
        {chosen && (
          <div className={css.body}>
            {phone && <BackLink to="/account">Your account</BackLink>}
            <chosen.show />
          </div>
        )}
      </div>
    </>
  );
}
