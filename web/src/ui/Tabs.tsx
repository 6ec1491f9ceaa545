import { createLink } from "@tanstack/react-router";
import { useEffect, useRef, type AnchorHTMLAttributes, type ReactNode, type Ref } from "react";
import css from "./Tabs.module.css";
import { cx } from "./cx";

/** Tabs that are addresses: a row of links. Where the row is wider than the page, the open one is brought into sight. */
export function TabLinks({ label, children }: { label: string; children: ReactNode }) {
  const row = useRef<HTMLElement>(null);
  const shown = useRef<HTMLElement>(null);
  useEffect(() => {
    const open = row.current?.querySelector<HTMLElement>("[aria-current]");
    if (!row.current || !open || shown.current === open) return;
    shown.current = open;
    const [left, right] = [open.offsetLeft - row.current.offsetLeft, open.offsetLeft - row.current.offsetLeft + open.offsetWidth];
    // Half a neighbour stays in sight on either side, to say that there are more.
    if (right > row.current.scrollLeft + row.current.clientWidth) row.current.scrollLeft = right - row.current.clientWidth + 32;
    else if (left < row.current.scrollLeft) row.current.scrollLeft = left - 32;
  });
  return (
    <nav ref={row} aria-label={label} className={css.tabs}>
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
