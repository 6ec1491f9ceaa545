import type { LucideIcon } from "lucide-react";
import type { ReactNode, Ref } from "react";
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from "react-aria-components/Button";
import css from "./Button.module.css";
import { cx } from "./cx";

export type Look = "primary" | "secondary" | "quiet" | "danger" | "dock";

interface Shared {
  look?: Look;
  small?: boolean;
  icon?: LucideIcon;
}

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "children">, Shared {
  children: ReactNode;
  wide?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export const buttonClass = ({ look = "secondary", small = false, wide = false }: { look?: Look; small?: boolean; wide?: boolean }): string =>
  cx(css.button, css[look], small && css.small, wide && css.wide);

/** While it works it keeps the focus and does nothing. */
export function Button({ look = "secondary", small = false, wide = false, icon: Icon, children, isPending = false, onPress, type = "button", ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} type={isPending ? "button" : type} {...(onPress && !isPending && { onPress })} aria-busy={isPending || undefined} data-working={isPending || undefined} className={buttonClass({ look, small, wide })}>
      {Icon && <Icon size={small ? 15 : 16} aria-hidden />}
      <span>{children}</span>
    </AriaButton>
  );
}

export interface IconButtonProps extends Omit<AriaButtonProps, "className" | "children"> {
  icon: LucideIcon;
  label: string;
  look?: "quiet" | "outlined" | "dock";
  badge?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

/** A button of an icon alone: only for eye, help, close, more and the like. */
export function IconButton({ icon: Icon, label, look = "quiet", badge, ...rest }: IconButtonProps) {
  return (
    <AriaButton {...rest} aria-label={label} className={cx(css.icon, look === "outlined" && css.outlined, look === "dock" && css.iconDock)}>
      <Icon size={18} aria-hidden />
      {badge}
    </AriaButton>
  );
}
