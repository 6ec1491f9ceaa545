/** Which card a key leads to from another, or null where it leads to none: cards lie in rows of as many as there are lanes. */
export function cardAt(key: string, from: number, { lanes, total }: { lanes: number; total: number }): number | null {
  const last = total - 1;
  switch (key) {
    case "Home":
      return 0;
    case "End":
      return last;
    case "ArrowUp":
      return from >= lanes ? from - lanes : null;
    case "ArrowDown":
      // The last row may be shorter than this one.
      return Math.floor(from / lanes) < Math.floor(last / lanes) ? Math.min(last, from + lanes) : null;
    case "ArrowLeft":
      return lanes > 1 && from > 0 ? from - 1 : null;
    case "ArrowRight":
      return lanes > 1 && from < last ? from + 1 : null;
    default:
      return null;
  }
}
