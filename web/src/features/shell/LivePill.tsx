import { useQueryClient } from "@tanstack/react-query";
import { RefreshCw, WifiOff } from "lucide-react";
import { useSyncExternalStore } from "react";
import css from "./LivePill.module.css";
import { useOfflineSince } from "@/api/connection";

/** How fresh the page is. */
export function LivePill() {
  const client = useQueryClient();
  const offline = useOfflineSince() !== null;
  const failing = useSyncExternalStore(
    (listener) => client.getQueryCache().subscribe(listener),
    () => client.getQueryCache().find({ queryKey: ["limits"] })?.state.status === "error",
  );
  const away = offline || failing;
  return (
    <span className={css.pill} role="status">
      {away ? <WifiOff size={15} aria-hidden /> : <RefreshCw size={15} aria-hidden />}
      <span className={css.text}>{away ? "Offline" : "Updating every 4 s"}</span>
      <span className={css.short} aria-hidden>
        {away ? "Offline" : "4 s"}
      </span>
    </span>
  );
}
