/** How far the server's clock is from this machine's, in milliseconds. */
let offset = 0;
const listeners = new Set<() => void>();

/** What is less cannot be told from the way of an answer and its `Date`, which counts in whole seconds. */
const SURE = 1_500;
/** What a page would notice. */
const FAR = 20_000;

/** What shows the time is told when the measure moves by more than a page would notice. */
export function onMeasured(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Takes the server's time from an answer's `Date`. It is that of the clock which decides what is due, also where a developer moved it. */
export function measure(date: string | null): void {
  const server = Date.parse(date ?? "");
  if (Number.isNaN(server)) return;
  const difference = server + 500 - Date.now();
  if (Math.abs(difference - offset) <= SURE) return;
  const next = Math.abs(difference) <= SURE ? 0 : difference;
  const far = Math.abs(next - offset) > FAR;
  offset = next;
  if (far) for (const listener of listeners) listener();
}

export const now = (): Date => new Date(Date.now() + offset);
