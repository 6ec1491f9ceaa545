import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, ReactNode, Ref } from "react";
import css from "./Tabs.module.css";
import { cx } from "./cx";

/** Tabs that are addresses: a row of links. */
export function TabLinks({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className={css.tabs}>
      {children}
    </nav>
  );
}

interface TabProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  count?: string | undefined;
  /** Where the address alone does not say which tab is open. */
  current?: boolean;
  ref?: Ref<HTMLAnchorElement>;
}

function Tab({ count, current, children, ...rest }: TabProps) {
  const open = current ?? rest["aria-current"] === "page";
  return (
    <a {...rest} className={cx(css.tab, open && css.current)} aria-current={open ? "page" : undefined}>
      {children}
      {count !== undefined && <span className={css.count}>{count}</span>}
    </a>
  );
}

export const TabLink = createLink(Tab);
