import type { ReactNode } from "react";
import { exact } from "@/lib/time";

/** An instant as people say it; pointing at it tells it exactly, with its zone. */
export function Time({ at, zone, className, children }: { at: string; zone: string; className?: string | undefined; children: ReactNode }) {
  return (
    <time dateTime={at} title={exact(new Date(at), zone)} {...(className && { className })}>
      {children}
    </time>
  );
}
