import { useQueryClient } from "@tanstack/react-query";
import { Radio, RefreshCw, WifiOff } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useOfflineSince } from "@/api/connection";
import { useTold } from "@/api/socket";
import { useLook, type Look } from "@/features/preferences/look";
import { cx } from "@/ui/cx";
import css from "./LivePill.module.css";

const RATES: Record<Exclude<Look["fresh"], "live">, [string, string]> = {
  "30": ["Updating every 30 s", "30 s"],
  "60": ["Updating every minute", "1 min"],
  "300": ["Updating every 5 min", "5 min"],
  "900": ["Updating every 15 min", "15 min"],
  "0": ["Update", "Update"],
};

/** So long is a page taken to be still connecting, in ms: what it is without a connection is said after that. */
const CONNECTING = 4_000;

/** How fresh the page is. Where somebody does not want changes as they happen, pressing it reads everything again. */
export function LivePill({ strip = false }: { strip?: boolean }) {
  const client = useQueryClient();
  const { fresh } = useLook();
  const offline = useOfflineSince() !== null;
  const failing = useSyncExternalStore(
    (listener) => client.getQueryCache().subscribe(listener),
    () => client.getQueryCache().find({ queryKey: ["limits"] })?.state.status === "error",
  );
  const told = useTold();
  const [young, setYoung] = useState(true);
  useEffect(() => {
    const later = setTimeout(() => setYoung(false), CONNECTING);
    return () => clearTimeout(later);
  }, []);
  const away = offline || failing;
  const [text, short] = away ? ["Offline", "Offline"] : fresh !== "live" ? RATES[fresh] : told ? ["Live", "Live"] : young ? ["Connecting", "…"] : ["Updating every 4 s", "4 s"];
  const Icon = away ? WifiOff : told && fresh === "live" ? Radio : RefreshCw;
  const inside = (
    <>
      <Icon size={15} aria-hidden />
      <span className={css.text}>{text}</span>
      <span className={css.short} aria-hidden>
        {short}
      </span>
    </>
  );
  if (!away && fresh !== "live") {
    return (
      <button type="button" className={css.pill} title="Update now" onClick={() => void client.invalidateQueries()}>
        {inside}
        {fresh !== "0" && <span className="hidden-visually">, update now</span>}
      </button>
    );
  }
  return (
    <span className={cx(css.pill, strip && css.strip)}>
      {inside}
    </span>
  );
}
