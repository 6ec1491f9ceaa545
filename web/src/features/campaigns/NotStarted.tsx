import { Link } from "@tanstack/react-router";
import { Refusal } from "@/api/problem";
import { useZone } from "@/features/session/business";
import { now } from "@/api/clock";
import { dayAndTimeWithin } from "@/lib/time";
import { buttonClass } from "@/ui/Button";
import { ErrorNote } from "@/ui/Notes";

/** Why a campaign was not started, and where to go from there. */
export function NotStarted({ refusal }: { refusal: Error }) {
  const zone = useZone();
  if (!(refusal instanceof Refusal)) return <ErrorNote error={refusal} what="Not started." />;
  const full = refusal.slug === "too-many-campaigns";
  const when = refusal.nextAllowedAt;
  return (
    <ErrorNote error={refusal} what={full ? "Five campaigns are already running." : `${refusal.problem.title}.`} {...(full && { detail: `Start when one ends${when ? `, about ${dayAndTimeWithin(new Date(when), zone, now())}` : ""}, or stop one.` })}>
      {full && (
        <Link to="/calls/campaigns" className={buttonClass({ small: true })}>
          See running
        </Link>
      )}
    </ErrorNote>
  );
}
