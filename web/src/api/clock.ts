/** How far the server's clock is from this machine's, in milliseconds. */
let offset = 0;
/** The clock that decides what is due; it differs from `Date` only where a developer moved it. */
let exact = false;
const listeners = new Set<() => void>();

/** What shows the time is told when the measure moves by more than a page would notice. */
export function onMeasured(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function move(next: number): void {
  const far = Math.abs(next - offset) > 20_000;
  offset = next;
  if (far) for (const listener of listeners) listener();
}

/** Takes the server's time from an answer's `Date`, which counts in whole seconds. */
export function measure(date: string | null): void {
  if (exact || date === null) return;
  const server = Date.parse(date);
  if (Number.isNaN(server)) return;
  const difference = server + 500 - Date.now();
  if (Math.abs(difference) > 1500) move(difference);
}

/** Takes an instant of the clock that decides what is due: the server's, which a developer may have moved. */
export function measureExactly(instant: string): void {
  const server = Date.parse(instant);
  if (Number.isNaN(server)) return;
  exact = true;
  move(server - Date.now());
}

export const now = (): Date => new Date(Date.now() + offset);
