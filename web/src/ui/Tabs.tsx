import { createLink } from "@tanstack/react-router";
import { useEffect, useRef, type AnchorHTMLAttributes, type ReactNode, type Ref } from "react";
import css from "./Tabs.module.css";
import { cx } from "./cx";

/** Tabs that are addresses: a row of links. Where the row is wider than the page, the open one is brought into sight. */
export function TabLinks({ label, children }: { label: string; children: ReactNode }) {
  const row = useRef<HTMLElement>(null);
  useEffect(() => {
    const nav = row.current;
    if (!nav) return;
    const show = () => {
      const open = nav.querySelector<HTMLElement>("[aria-current]");
      if (!open) return;
      const [left, right] = [open.offsetLeft - nav.offsetLeft, open.offsetLeft - nav.offsetLeft + open.offsetWidth];
      // Half a neighbour stays in sight on either side, to say that there are more.
      if (right > nav.scrollLeft + nav.clientWidth) nav.scrollLeft = right - nav.clientWidth + 32;
      else if (left < nav.scrollLeft) nav.scrollLeft = left - 32;
    };
    show();
    // The links follow the address by themselves, and their counts come later and push.
    const watch = new MutationObserver(show);
    watch.observe(nav, { subtree: true, childList: true, characterData: true, attributeFilter: ["aria-current"] });
    // A page that is still on its way has no width yet, and a phone is turned.
    const size = new ResizeObserver(show);
    size.observe(nav);
    return () => {
      watch.disconnect();
      size.disconnect();
    };
  }, []);
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
