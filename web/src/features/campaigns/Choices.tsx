import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { dayAndTime, instantOf } from "@/lib/time";
import { Facts, Panel } from "@/ui/Panel";
import { PRIORITY, paceOf, type Options, type Step } from "./options";
import css from "./Steps.module.css";

const spread = (minutes: string) => `Spread over ${minutes} minutes`;

/** What was chosen so far, each with the way back to it. */
export function Choices({ who, options, onGo }: { who: string; options: Options; onGo?: (step: Step) => void }) {
  const zone = useZone();
  const pace = paceOf(options);
  const start = options.start === "now" ? "Now" : options.date && options.time ? dayAndTime(instantOf(options.date, options.time, zone), zone, now()) : "At a time";
  return (
    <Panel
      title="Your choices"
      padded
      aside={
        onGo && (
          <button type="button" className={css.link} onClick={() => onGo("when")}>
            Change<span className="hidden-visually"> your choices</span>
          </button>
        )
      }
    >
      <Facts
        rows={[
          ["Who", who],
          ["Start", start],
          ["Pace", pace === "fast" ? "As fast as allowed" : pace === "spread" ? spread(options.stagger) : `Every ${options.every} minutes`],
          ["Priority", PRIORITY[options.priority].split(":")[0]],
          ...(options.hours ? [["At the earliest", `${options.hours} hours before`] as [string, string]] : []),
          ["Words", options.words.trim() ? (options.replace ? "Yours instead" : "Yours added") : "The usual ones"],
        ]}
      />
    </Panel>
  );
}
