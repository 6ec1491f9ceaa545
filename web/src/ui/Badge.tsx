import { TriangleAlert, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import css from "./Badge.module.css";
import { cx } from "./cx";

export type Tone = "waiting" | "confirmed" | "cancelled" | "moved" | "calling" | "attention" | "neutral";

export function Badge({ tone, icon: Icon, children, plain = false }: { tone: Tone; icon?: LucideIcon; children: ReactNode; plain?: boolean }) {
  return (
    <span className={cx(css.badge, css[tone], plain && css.plain)}>
      {Icon && <Icon size={14} aria-hidden />}
      {children}
    </span>
  );
}

/** A number beside a name. */
export function Count({ value, tone }: { value: ReactNode; tone?: Tone }) {
  return <span className={cx(css.count, tone && css[tone], "num")}>{value}</span>;
}

/** Beside a name: something there needs somebody. */
export function Problem({ words }: { words: string }) {
  return (
    <span className={css.problem}>
      <TriangleAlert size={14} aria-hidden />
      <span className="hidden-visually">{words}</span>
    </span>
  );
}

export function GroupTag({ name, color, icon }: { name: string; color: string; icon?: string | null | undefined }) {
  return (
    <span className={css.group}>
      <GroupMark color={color} icon={icon} />
      <bdi className="truncate">{name}</bdi>
    </span>
  );
}

/** A group's colour, and its icon where it has one; always beside its name. */
export function GroupMark({ color, icon }: { color: string; icon?: string | null | undefined }) {
  return (
    <>
      <Swatch color={color} />
      {icon && <span aria-hidden>{icon}</span>}
    </>
  );
}

/** A group's own colour; always beside its name. */
export function Swatch({ color, size = 9 }: { color: string; size?: number }) {
  return (
    <svg className={css.swatch} width={`${size / 16}rem`} height={`${size / 16}rem`} viewBox="0 0 9 9" aria-hidden>
      <rect x="0.5" y="0.5" width="8" height="8" rx="2" fill={color} stroke="rgb(0 0 0 / 0.35)" />
    </svg>
  );
}

export function IconTile({ icon: Icon, tone = "neutral", size = 16 }: { icon: LucideIcon; tone?: Tone; size?: number }) {
  return (
    <span className={cx(css.tile, css[tone])}>
      <Icon size={size} aria-hidden />
    </span>
  );
}

export function Avatar({ text, large = false, small = false }: { text: string; large?: boolean; small?: boolean }) {
  return (
    <span className={cx(css.avatar, large && css.avatarLarge, small && css.avatarSmall)} aria-hidden>
      {text}
    </span>
  );
}
