import { useSyncExternalStore } from "react";

/** What is chosen for this device, not for an account: who else sees its screen and its paper. */
export interface Screen {
  /** After so many minutes without a touch details are hidden again; 0: never. */
  idle: "0" | "1" | "5" | "15";
  /** Whether pages are printed with details hidden, as nobody knows where paper goes, or as they are on the screen. */
  paper: "hidden" | "shown";
}

const PLAIN: Screen = { idle: "0", paper: "hidden" };
const KEY = "vio.screen";

function read(): Screen {
  try {
    return { ...PLAIN, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Screen>) };
  } catch {
    return PLAIN;
  }
}

let screen: Screen | undefined;
const listeners = new Set<() => void>();

export const screenNow = (): Screen => (screen ??= typeof localStorage === "undefined" ? PLAIN : read());

export function setScreen(change: Partial<Screen>): void {
  screen = { ...screenNow(), ...change };
  localStorage.setItem(KEY, JSON.stringify(screen));
  for (const listener of listeners) listener();
}

export const useScreen = (): Screen =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    screenNow,
    () => PLAIN,
  );

/** Whether nobody touched this device for as long as it was told to wait. */
export const isLeft = (idle: Screen["idle"], touched: number, at: number): boolean => idle !== "0" && at - touched >= Number(idle) * 60_000;
