import { useId, type CSSProperties, type ReactNode } from "react";
import css from "./Bar.module.css";
import { cx } from "./cx";

export type Shade = "confirmed" | "waiting" | "moved" | "cancelled" | "calling" | "unreached" | "brand";

/** What is drawn over each shade, so that parts are told apart on paper, in greyscale and by who sees few colours. */
const TEXTURE: Record<Shade, string | null> = {
  confirmed: null,
  brand: null,
  waiting: "M0 0 h2 v8 h-2 z",
  moved: "M2 2 h3 v3 h-3 z",
  cancelled: "M0 0 h8 v1.5 h-8 z M0 0 v8 h1.5 v-8 z",
  calling: "M0 0 h8 v2.5 h-8 z",
  unreached: "M0 0 h4 v8 h-4 z",
};
/** Stripes that lean one way for what waits, and stand upright for what was not reached. */
const LEANS: Partial<Record<Shade, string>> = { waiting: "rotate(45)", cancelled: "rotate(45)" };

/** One shade with its texture, as a fill: the pattern's id is `id` and the shade's name. */
export function Textures({ id, shades }: { id: string; shades: Shade[] }) {
  return (
    <defs>
      {shades.map((shade) => (
        <pattern key={shade} id={`${id}${shade}`} width="8" height="8" patternUnits="userSpaceOnUse" {...(LEANS[shade] && { patternTransform: LEANS[shade] })}>
          <rect className={css[shade]} width="8" height="8" />
          {TEXTURE[shade] && <path className={css.texture} d={TEXTURE[shade]} />}
        </pattern>
      ))}
    </defs>
  );
}

interface StackProps {
  parts: { shade: Shade; value: number }[];
  total: number;
  label: string;
  /** A link that lies over a part; its name is its own, as the drawing has none within. */
  link?: (shade: Shade, over: { className: string | undefined; style: CSSProperties }) => ReactNode;
}

/** A part of a whole, drawn as SVG: print and greyscale keep the textures. */
export function Stack({ parts, total, label, link }: StackProps) {
  const id = useId();
  const shown = parts.filter(({ value }) => value > 0);
  const sum = Math.max(total, 1);
  const before = (place: number) => shown.slice(0, place).reduce((width, { value }) => width + (value / sum) * 100, 0);
  const drawn = (
    <svg className={css.stack} role="img" aria-label={label}>
      <Textures id={id} shades={[...new Set(shown.map(({ shade }) => shade))]} />
      <rect className={css.rest} width="100%" height="100%" />
      {shown.map(({ shade, value }, place) => {
        const width = (value / sum) * 100;
        const gap = place < shown.length - 1 ? 0.5 : 0;
        return <rect key={shade} data-shade={shade} fill={`url(#${id}${shade})`} x={`${String(before(place))}%`} width={`${String(Math.max(width - gap, 0.4))}%`} height="100%" />;
      })}
    </svg>
  );
  if (!link) return drawn;
  return (
    <div className={css.linked}>
      {drawn}
      {shown.map(({ shade, value }, place) => link(shade, { className: css.part, style: { left: `${String(before(place))}%`, width: `${String((value / sum) * 100)}%` } }))}
    </div>
  );
}

/** A shade's sample beside its word. */
export function Sample({ shade }: { shade: Shade }) {
  const id = useId();
  return (
    <svg className={css.sample} width="14" height="14" aria-hidden>
      <Textures id={id} shades={[shade]} />
      <rect width="14" height="14" fill={`url(#${id}${shade})`} />
    </svg>
  );
}

export function Meter({ label, value, most }: { label: string; value: number; most: number }) {
  return (
    <svg className={cx(css.stack, css.thin)} role="meter" aria-label={label} aria-valuenow={value} aria-valuemin={0} aria-valuemax={most} viewBox="0 0 1000 10" preserveAspectRatio="none">
      <rect className={css.rest} x="0" y="0" width="1000" height="10" />
      <rect className={css.brand} x="0" y="0" width={Math.min(1, value / Math.max(most, 1)) * 1000} height="10" />
    </svg>
  );
}
