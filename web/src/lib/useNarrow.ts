import { useSyncExternalStore } from "react";

/** Whether the window is narrower than so much; in rem, so that larger text counts. */
export function useNarrow(width: string): boolean {
  const query = `(max-width: calc(${width} - 0.01rem))`;
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}
