import { useEffect, useState } from "react";

/** The seconds that are left of a wait, counted down; anew for every `of`. */
export function useCountdown(seconds: number | undefined, of: unknown): number {
  const [left, setLeft] = useState(seconds ?? 0);
  useEffect(() => {
    const until = performance.now() + (seconds ?? 0) * 1000;
    const show = () => {
      const rest = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      setLeft(rest);
      if (rest === 0) clearInterval(timer);
    };
    const timer = setInterval(show, 1000);
    const first = setTimeout(show);
    return () => {
      clearInterval(timer);
      clearTimeout(first);
    };
  }, [seconds, of]);
  return left;
}
