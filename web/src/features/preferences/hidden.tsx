import { useSyncExternalStore } from "react";
import { forgetAtEnd } from "@/api/session";
import { hiddenPhone, phoneText } from "@/lib/phone";
import { hiddenName } from "@/lib/words";

let hidden = false;
const listeners = new Set<() => void>();

export const hiddenNow = (): boolean => hidden;

/** Whether names, numbers and notes are hidden from people who look over a shoulder. */
export const useHidden = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hiddenNow,
  );

function hide(next: boolean): void {
  hidden = next;
  for (const listener of listeners) listener();
}

export const toggleHidden = (): void => hide(!hidden);

forgetAtEnd(() => hide(false));

/** The same inside of a sentence or a title. */
export function useSaid(): { name: (name: string) => string; phone: (phone: string | null | undefined) => string } {
  const away = useHidden();
  return { name: away ? hiddenName : (name) => name, phone: away ? hiddenPhone : phoneText };
}

/** A name as typed, in any script. */
export function Name({ children }: { children: string }) {
  const away = useHidden();
  return <bdi>{away ? hiddenName(children) : children}</bdi>;
}

export function Phone({ children }: { children: string | null | undefined }) {
  const away = useHidden();
  return <span className="num">{away ? hiddenPhone(children) : phoneText(children)}</span>;
}

/** Text that is not shown at all while details are hidden. */
export function Detail({ children }: { children: React.ReactNode }) {
  const away = useHidden();
  return away ? <span className="faint">Hidden</span> : children;
}
