import { Link } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import type { ReactNode } from "react";
import css from "./settings.module.css";

/** On a phone a section stands alone: the way back to the list of them. */
export function BackLink({ to, children }: { to: "/settings" | "/account"; children: ReactNode }) {
  return (
    <Link to={to} className={css.back}>
      <ChevronLeft size={17} aria-hidden /> {children}
    </Link>
  );
}
