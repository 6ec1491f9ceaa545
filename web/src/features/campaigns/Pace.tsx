import { useLimits } from "@/features/calls/queries";
import { useZone } from "@/features/session/business";
import { clock } from "@/lib/time";
import { count } from "@/lib/words";
import { ChartPanel, Legend } from "@/ui/chart/ChartPanel";
import { Columns } from "@/ui/chart/Columns";
import type { CampaignStatus } from "./queries";

/** As many quarters of an hour as there is room for: those that are over before those to come. */
const [BEFORE, SHOWN] = [4, 6];

/** A campaign's calls by quarter of an hour, made and to come, under the line that none may pass. */
export function Pace({ campaign, at }: { campaign: CampaignStatus; at: Date }) {
  const zone = useZone();
  const limits = useLimits().data;
  const quarters = campaign.pace.map((each) => ({ ...each, from: new Date(each.from) }));
  if (quarters.length === 0) return null;
  const over = quarters.filter((each) => each.from <= at).length;
  const first = Math.max(0, Math.min(over - BEFORE, quarters.length - SHOWN));
  const shown = quarters.slice(first, first + SHOWN);
  const minutes = limits ? Math.round(limits.window_seconds / 60) : 15;
  return (
    <ChartPanel
      title="Pace"
      {...(limits && { line: `At most ${count(limits.limit, "call")} in any ${String(minutes)} minutes. Reminders that cannot wait go first.` })}
      numbers={{ columns: ["From", "Called", "Expected"], rows: quarters.map(({ from, called, expected }) => [clock(from, zone), called, expected]) }}
    >
      <Columns
        columns={shown.map(({ from, called, expected }) => ({ label: clock(from, zone), values: [called, expected] }))}
        parts={[
          { name: "called", look: "done" },
          { name: "expected", look: "ahead" },
        ]}
        {...(limits && { limit: limits.limit })}
      />
      <Legend
        entries={[
          { name: "called", look: "done" },
          { name: "expected", look: "ahead" },
        ]}
      />
    </ChartPanel>
  );
}
