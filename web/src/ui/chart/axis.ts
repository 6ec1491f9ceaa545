/** In pixels at the usual size of the text. */
const [ROOM, HALF, FROM_THE_LAST] = [52, 30, 75];

/**
 * Which of an axis' places get their label: as many as there is room for, the last one always. Where that one has no room to its right
 * (`tight`) it ends at its place, and takes the room of the one before.
 */
export function axisLabels({ count, place, left, width, size }: { count: number; place: (at: number) => number; left: number; width: number; size: number }): { labelled: number[]; tight: boolean } {
  const every = Math.max(1, Math.ceil((count * ROOM * size) / Math.max(1, width - left)));
  const end = count - 1;
  const tight = width - place(end) < HALF * size;
  const labelled = Array.from({ length: count }, (_, at) => at).filter((at) => (end - at) % every === 0 && (!tight || at === end || place(end) - place(at) > FROM_THE_LAST * size));
  return { labelled, tight };
}
