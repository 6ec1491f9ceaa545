import { ChartColumn, Table2 } from "lucide-react";
import { useId, useState, type ReactNode } from "react";
import { Button } from "../Button";
import { Panel } from "../Panel";
import { cx } from "../cx";
import css from "./chart.module.css";

export interface Numbers {
  /** The first names the rows. */
  columns: string[];
  rows: (string | number)[][];
}

/** A chart with its numbers: as a table for who wants them, and always for who does not see the chart. */
export function ChartPanel({ title, line, numbers, children }: { title: string; line?: string; numbers: Numbers; children: ReactNode }) {
  const [table, setTable] = useState(false);
  return (
    <Panel
      title={title}
      padded
      aside={
        <Button small look="quiet" icon={table ? ChartColumn : Table2} onPress={() => setTable(!table)}>
          {table ? "As a chart" : "As a table"}
          <span className="hidden-visually">: {title}</span>
        </Button>
      }
    >
      <div className={css.body}>
        {line && <p className="muted">{line}</p>}
        {!table && <div aria-hidden>{children}</div>}
        {/* Read by keyboard where it is wider than its place. */}
        <div className={table ? css.scroll : "hidden-visually"} {...(table && { role: "region", "aria-label": `${title}, as a table`, tabIndex: 0 })}>
          <table className={css.table}>
            <caption className="hidden-visually">{title}</caption>
            <thead>
              <tr>
                {numbers.columns.map((each, place) => (
                  <th key={each} scope="col" className={cx(place > 0 && css.right)}>
                    {each}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {numbers.rows.map((row, at) => (
                <tr key={at}>
                  {row.map((cell, place) =>
                    place === 0 ? (
                      <th key={place} scope="row">
                        {cell}
                      </th>
                    ) : (
                      <td key={place} className={cx(css.right, "num")}>
                        {cell}
                      </td>
                    ),
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </Panel>
  );
}

export type Pattern = "solid" | "dots" | "stripes" | "done" | "ahead";

/** What a part looks like, beside its word: the pattern tells it apart where colours do not. */
export function Legend({ entries }: { entries: { name: string; look: Pattern; value?: string }[] }) {
  const id = useId();
  return (
    <ul className={css.legend}>
      {entries.map(({ name, look, value }) => (
        <li key={name}>
          <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden>
            <Patterns id={`${id}${look}`} only={look} />
            <rect x="0.5" y="0.5" width="13" height="13" rx="3" className={css.edge} fill={`url(#${id}${look})`} />
          </svg>
          {name}
          {value !== undefined && <b className="num">{value}</b>}
        </li>
      ))}
    </ul>
  );
}

/** The patterns of a chart, under ids that begin with `id`. */
export function Patterns({ id, only }: { id: string; only?: Pattern }) {
  return (
    <defs>
      {(["solid", "dots", "stripes", "done", "ahead"] as const)
        .filter((each) => only === undefined || each === only)
        .map((each) => (
          <pattern key={each} id={only === undefined ? `${id}${each}` : id} width="6" height="6" patternUnits="userSpaceOnUse" {...((each === "stripes" || each === "ahead") && { patternTransform: "rotate(45)" })}>
            <rect width="6" height="6" className={css[each]} />
            {each === "dots" && <circle cx="3" cy="3" r="1.1" className={css.ink} />}
            {each === "stripes" && <rect width="2" height="6" className={css.ink} />}
            {each === "ahead" && <rect width="2" height="6" className={css.done} />}
          </pattern>
        ))}
    </defs>
  );
}
