import { useQuery, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import type { Mark } from "@/ui/Field";

interface Versioned<T> {
  value: T;
  etag: string;
}

interface Options<T, P> {
  key: QueryKey;
  read: () => Promise<Versioned<T>>;
  write: (patch: P, etag: string) => Promise<Versioned<T>>;
}

const WAIT = 2_000;

/** Deep enough for settings: objects go together, everything else is replaced. */
export function merged<T extends object>(before: T, change: object): T {
  const next = { ...before } as Record<string, unknown>;
  for (const [key, value] of Object.entries(change) as [string, unknown][]) {
    const old = next[key];
    next[key] = isPlain(value) && isPlain(old) ? merged(old, value) : value;
  }
  return next as T;
}

const isPlain = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What lies at `call_hours.start_time`; undefined where nothing does. */
const at = (value: unknown, path: string): unknown => path.split(".").reduce<unknown>((within, key) => (isPlain(within) ? (within as Record<string, unknown>)[key] : undefined), value);

/** Whether a field, or one within it, waits to be saved or was saved last; one that was put back to what it is does not wait. */
export function markOf(path: string, server: object | undefined, patch: object | null, sent: object | null): Mark | undefined {
  const change = at(patch, path);
  if (change !== undefined) {
    const is = at(server, path);
    const becomes = isPlain(change) && isPlain(is) ? merged(is, change) : change;
    if (!same(is, becomes)) return "changed";
  }
  return at(sent, path) === undefined ? undefined : "saved";
}

/** Settings that save themselves two seconds after the last change, under the version they were read at. */
export function useAutoSave<T extends object, P extends object>({ key, read, write }: Options<T, P>) {
  const client = useQueryClient();
  const query = useQuery({ queryKey: key, queryFn: read, staleTime: 60_000 });
  const [patch, setPatch] = useState<P | null>(null);
  const [savedAt, setSavedAt] = useState<Date | null>(null);
  const [saved, setSaved] = useState<P | null>(null);
  const [saving, setSaving] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [clashed, setClashed] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef<P | null>(null);
  /** `again`: more was to be saved while a save was under way. */
  const busy = useRef<"once" | "again" | null>(null);

  const save = useCallback(async function run(): Promise<void> {
    const sent = latest.current;
    const base = client.getQueryData<Versioned<T>>(key);
    if (!sent || !base) return;
    // One after another: a second one beside it would name the version that the first makes old, and clash with it.
    if (busy.current) {
      busy.current = "again";
      return;
    }
    busy.current = "once";
    let done = false;
    setSaving(true);
    try {
      const answer = await write(sent, base.etag);
      client.setQueryData(key, answer);
      if (latest.current === sent) {
        latest.current = null;
        setPatch(null);
      }
      setSavedAt(now());
      setSaved(sent);
      setRefusal(null);
      setClashed(false);
      done = true;
    } catch (error) {
      if (error instanceof Refusal && error.status === 412) {
        // Somebody else saved meanwhile: theirs is read, mine is laid over it and waits for a word.
        await client.refetchQueries({ queryKey: key });
        setClashed(true);
      } else setRefusal(error instanceof Refusal ? error : Refusal.offline());
    } finally {
      setSaving(false);
    }
    const again = (busy.current as "once" | "again") === "again";
    busy.current = null;
    if (done && again) await run();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key and the calls of a section do not change
  }, [client]);

  const set = useCallback(
    (change: P) => {
      latest.current = latest.current ? merged(latest.current, change) : change;
      setPatch(latest.current);
      setRefusal(null);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void save(), WAIT);
    },
    [save],
  );
  const drop = useCallback(() => {
    clearTimeout(timer.current);
    latest.current = null;
    setPatch(null);
    setRefusal(null);
    setClashed(false);
  }, []);

  useEffect(() => {
    // What was changed within the last two seconds is saved when the section is left.
    const leave = () => {
      if (latest.current) void save();
    };
    const warn = (event: BeforeUnloadEvent) => {
      if (latest.current) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => {
      removeEventListener("beforeunload", warn);
      clearTimeout(timer.current);
      leave();
    };
  }, [save]);

  const server = query.data?.value;
  return { query, value: server && patch ? merged(server, patch) : server, mark: (path: string) => markOf(path, server, patch, saved), set, drop, save: () => void save(), dirty: patch !== null, saving, savedAt, refusal, clashed, errors: byField(refusal) };
}

export type AutoSave = Pick<ReturnType<typeof useAutoSave>, "dirty" | "saving" | "savedAt" | "refusal" | "clashed" | "drop" | "save">;
