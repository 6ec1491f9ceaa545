import { useEffect, useState } from "react";
import { now, onMeasured } from "@/api/clock";

/** The server's time, anew every so often. */
export function useNow(everySeconds = 30): Date {
  const [at, setAt] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setAt(now()), everySeconds * 1000);
    const stop = onMeasured(() => setAt(now()));
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [everySeconds]);
  return at;
}
