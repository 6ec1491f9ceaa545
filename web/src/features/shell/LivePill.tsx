import { useQueryClient } from "@tanstack/react-query";
import { Radio, RefreshCw, WifiOff } from "lucide-react";
import { useSyncExternalStore } from "react";
import css from "./LivePill.module.css";
import { useOfflineSince } from "@/api/connection";
import { useTold } from "@/api/socket";

/** How fresh the page is. */
export function LivePill() {
  const client = useQueryClient();
  const offline = useOfflineSince() !== null;
  const failing = useSyncExternalStore(
    (listener) => client.getQueryCache().subscribe(listener),
    () => client.getQueryCache().find({ queryKey: ["limits"] })?.state.status === "error",
  );
  const told = useTold();
  const [Icon, text, short] = offline || failing ? ([WifiOff, "Offline", "Offline"] as const) : told ? ([Radio, "Live", "Live"] as const) : ([RefreshCw, "Updating every 4 s", "4 s"] as const);
  return (
    <span className={css.pill} role="status">
      <Icon size={15} aria-hidden />
      <span className={css.text}>{text}</span>
      <span className={css.short} aria-hidden>
        {short}
      </span>
    </span>
  );
}
