/** How far the server's clock is from this machine's, in milliseconds. */
let offset = 0;
/** The clock that decides what is due; it differs from `Date` only where a developer moved it. */
let exact = false;

/** Takes the server's time from an answer's `Date`, which counts in whole seconds. */
export function measure(date: string | null): void {
  if (exact || date === null) return;
  const server = Date.parse(date);
  if (Number.isNaN(server)) return;
  const difference = server + 500 - Date.now();
  if (Math.abs(difference) > 1500) offset = difference;
}

/**
 * Takes the time at which a call could be placed for the present: where slots are free and nothing is paused, the two are the same by the API's definition.
 * It is the only instant that the API gives of the clock that decides what is due.
 */
export function measureExactly(instant: string): void {
  const server = Date.parse(instant);
  if (Number.isNaN(server)) return;
  exact = true;
  offset = server - Date.now();
}

export const now = (): Date => new Date(Date.now() + offset);
