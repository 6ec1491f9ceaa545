import css from "./Bar.module.css";
import { cx } from "./cx";

export type Shade = "confirmed" | "waiting" | "moved" | "cancelled" | "calling" | "unreached" | "brand";

/** A part of a whole, drawn as SVG: widths need no inline style, and print and greyscale keep the textures. */
export function Stack({ parts, total, label }: { parts: { shade: Shade; value: number }[]; total: number; label: string }) {
  const shown = parts.filter(({ value }) => value > 0);
  const sum = Math.max(total, 1);
  const before = (place: number) => shown.slice(0, place).reduce((width, { value }) => width + (value / sum) * 1000, 0);
  return (
    <svg className={css.stack} role="img" aria-label={label} viewBox="0 0 1000 10" preserveAspectRatio="none">
      <rect className={css.rest} x="0" y="0" width="1000" height="10" />
      {shown.map(({ shade, value }, place) => {
        const width = (value / sum) * 1000;
        const gap = place < shown.length - 1 ? 5 : 0;
        return <rect key={shade} className={css[shade]} x={before(place)} y="0" width={Math.max(width - gap, 4)} height="10" />;
      })}
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
