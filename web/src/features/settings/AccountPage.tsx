import { Link } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { useParam } from "@/lib/useParam";
import { PageHeader } from "@/ui/Panel";
import { useNarrow } from "@/lib/useNarrow";
import { cx } from "@/ui/cx";
import { BackLink } from "./BackLink";
import { LookSettings } from "./LookSettings";
import { Notifications } from "./Notifications";
import { Profile } from "./Profile";
import { Security } from "./Security";
import { OWN } from "./sections";
import css from "./settings.module.css";

const SHOW: Record<(typeof OWN)[number]["id"], ComponentType> = { profile: Profile, security: Security, notifications: Notifications, look: LookSettings };
const PAGES = OWN.map((each) => ({ ...each, show: SHOW[each.id] }));

/** What is the user's alone. */
export default function AccountPage() {
  const section = useParam("section");
  const phone = useNarrow("48rem");
  const chosen = PAGES.find((each) => each.id === section) ?? (phone ? undefined : PAGES[0]);
  return (
    <>
      <PageHeader title="Your account" />
      <div className={css.page}>
        {(!phone || !chosen) && <nav aria-label="Your account" className={css.nav}>
          {PAGES.map(({ id, name, icon: Icon }) => (
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
