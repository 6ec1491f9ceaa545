import { useEffect, useRef, useState, type RefObject } from "react";

/** How many pixels a rem is: larger with larger text. */
export const remPixels = (): number => parseFloat(getComputedStyle(document.documentElement).fontSize);

/** How wide an element is, in whole pixels: 0 before it is there. */
export function useWidth<T extends Element>(): [RefObject<T | null>, number] {
  const ref = useRef<T>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
