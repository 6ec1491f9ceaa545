import css from "./chart.module.css";

/** Rates one under the other, each with its name and number: nothing here is said by length or colour alone. */
export function Bars({ bars, label }: { bars: { id: string; name: string; color?: string; percent: number | null; note?: string }[]; label: string }) {
  return (
    <ul className={css.bars} aria-label={label}>
      {bars.map(({ id, name, color, percent, note }) => (
        <li key={id}>
          <bdi className={css.barName}>{name}</bdi>
          <svg className={css.bar} viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden>
            <rect className={css.rest} width="1000" height="10" />
            {percent !== null && <rect className={color ? undefined : css.solid} {...(color && { fill: color })} width={Math.max(0, Math.min(100, percent)) * 10} height="10" />}
          </svg>
          <span className={css.barValue}>
            <b className="num">{percent === null ? "–" : `${String(Math.round(percent))}%`}</b>
            {percent === null && <span className="hidden-visually">nothing counted</span>}
            {note && <span className="muted"> {note}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
