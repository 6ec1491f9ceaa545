import { CircleAlert, Copy, RotateCw, WifiOff, X } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { useOfflineSince } from "@/api/connection";
import { Refusal } from "@/api/problem";
import { useCountdown } from "@/lib/useCountdown";
import { waitWords } from "@/lib/words";
import { Button, IconButton } from "./Button";
import css from "./Notes.module.css";
import { copy } from "./copy";
import { cx } from "./cx";

/** Grey lines in the place of what is being read: after 150 ms, at the height of what comes. */
export function Skeleton({ rows = 3, label = "Loading", tall = false }: { rows?: number; label?: string; tall?: boolean }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  const offline = useOfflineSince() !== null;
  if (offline && late) {
    return (
      <p className={css.away}>
        <WifiOff size={16} aria-hidden /> This was not read before the connection went. It comes by itself when it is back.
      </p>
    );
  }
  return (
    <div className={cx(css.skeleton, late && css.late)}>
      <span className="hidden-visually">{label}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={cx(css.bone, tall && css.boneTall)} aria-hidden>
          <span className={css.boneShort} />
          <span className={css.boneLong} />
        </div>
      ))}
    </div>
  );
}

/** Teaches what will be here, and offers one action. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={css.empty}>
      <p className={css.emptyTitle}>{title}</p>
      {children && <p className={css.emptyText}>{children}</p>}
      {action}
    </div>
  );
}

/** Says which part could not be read or done; the rest of the page stays. */
export function ErrorNote({ error, what, detail, retry, onClose, children }: { error: unknown; what: string; detail?: string | undefined; retry?: (() => void) | undefined; onClose?: () => void; children?: ReactNode }) {
  const refusal = error instanceof Refusal ? error : null;
  const left = useCountdown(refusal?.retryAfter, refusal);
  return (
    <div className={css.error} role="alert">
      <CircleAlert size={18} aria-hidden />
      <div className={css.errorText}>
        <p>
          <strong>{what}</strong> {detail ?? refusal?.detail ?? "Something failed on our side."}
          {/* It is said once when the note appears, not each second. */}
          {left > 0 && <span aria-live="off">{` Try again in ${waitWords(left)}.`}</span>}
        </p>
        {refusal?.reference && refusal.status >= 500 && (
          <p className={cx(css.reference, "code")}>
            Reference {refusal.reference}
            <button type="button" className={css.copy} aria-label="Copy the reference" onClick={() => void copy(refusal.reference ?? "")}>
              <Copy size={13} aria-hidden />
            </button>
          </p>
        )}
      </div>
      {retry && (
        <Button small icon={RotateCw} isDisabled={left > 0} onPress={retry}>
          Try again
        </Button>
      )}
      {children}
      {onClose && <IconButton icon={X} label="Close message" onPress={onClose} />}
    </div>
  );
}

export function Hint({ children, tone = "neutral", icon }: { children: ReactNode; tone?: "neutral" | "waiting" | "attention" | "moved"; icon?: ReactNode }) {
  return (
    <div className={cx(css.hint, css[tone])}>
      {icon}
      <div>{children}</div>
    </div>
  );
}
