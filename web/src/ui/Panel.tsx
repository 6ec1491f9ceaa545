import { useId, type ReactNode } from "react";
import css from "./Panel.module.css";
import { Rereading } from "./Rereading";
import { cx } from "./cx";

interface PanelProps {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
  padded?: boolean;
  /** Without a line under the heading. */
  plain?: boolean;
  /** Other rows are on their way, which somebody asked for. */
  busy?: boolean;
  className?: string | undefined;
}

/** A card with its heading. */
export function Panel({ title, aside, children, footer, padded = false, plain = padded, busy = false, className }: PanelProps) {
  const heading = useId();
  return (
    <section className={cx(css.panel, className)} aria-labelledby={title ? heading : undefined} aria-busy={busy || undefined}>
      <Rereading shown={busy} />
      {title && (
        <header className={cx(css.header, plain && css.plain)}>
          <h2 id={heading} className={css.title}>
            {title}
          </h2>
          {aside && <div className={css.aside}>{aside}</div>}
        </header>
      )}
      <div className={padded ? css.padded : undefined}>{children}</div>
      {footer && <footer className={css.footer}>{footer}</footer>}
    </section>
  );
}

export function PageHeader({ title, line, actions, above }: { title: ReactNode; line?: ReactNode; actions?: ReactNode; above?: ReactNode }) {
  return (
    <header className={css.page}>
      {above}
      <div className={css.pageRow}>
        <div className={css.pageTitle}>
          <h1>{title}</h1>
          {line && <p className={css.pageLine}>{line}</p>}
        </div>
        {actions && <div className={css.actions}>{actions}</div>}
      </div>
    </header>
  );
}

/** Names and values, one under the other. */
export function Facts({ rows }: { rows: [ReactNode, ReactNode][] }) {
  return (
    <dl className={css.facts}>
      {rows.map(([name, value], row) => (
        <div key={row}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
