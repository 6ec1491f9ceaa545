import { CirclePause, Play } from "lucide-react";
import { useState } from "react";
import { useMay } from "@/features/session/use";
import { LivePill } from "@/features/shell/LivePill";
import { Button } from "@/ui/Button";
import { cx } from "@/ui/cx";
import { PauseDialog } from "./CallMeter";
import css from "./PausedStrip.module.css";
import { useLimits } from "./queries";

export const usePaused = (): boolean => Boolean(useLimits().data?.paused);

/** That nobody is called, where the meter of the menu is not in sight: above the tabs of a phone, or in the bar at the top. */
export function PausedStrip({ place }: { place: "tabs" | "top" }) {
  const may = useMay();
  const paused = usePaused();
  const [asking, setAsking] = useState(false);
  // The question stays until it is closed, also when calling has been resumed meanwhile.
  if (!paused && !asking) return null;
  return (
    <section className={cx(css.paused, css[place], "no-print")} aria-label="Calling is paused">
      <span className={css.word}>
        <CirclePause size={16} aria-hidden /> Calling is paused
      </span>
      {place === "tabs" && <LivePill strip />}
      {may("modify_call_schedules") && (
        <Button small icon={Play} onPress={() => setAsking(true)}>
          Resume
        </Button>
      )}
      {asking && <PauseDialog onClose={() => setAsking(false)} />}
    </section>
  );
}
