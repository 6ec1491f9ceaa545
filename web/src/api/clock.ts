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

/**
 * Takes the time at which a call could be placed for the present: where slots are free and nothing is paused, the two are the same by the API's definition.
 * It is the only instant that the API gives of the clock that decides what is due.
 */
export function measureExactly(instant: string): void {
  const server = Date.parse(instant);
  if (Number.isNaN(server)) return;
  exact = true;
  move(server - Date.now());
}

/** Takes an instant that has passed by the server's clock: that clock cannot be behind it. */
export function measureAtLeast(instant: string | number): void {
  const passed = typeof instant === "number" ? instant : Date.parse(instant);
  if (!Number.isNaN(passed) && passed > Date.now() + offset) move(passed - Date.now());
}

export const now = (): Date => new Date(Date.now() + offset);
