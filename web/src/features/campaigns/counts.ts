import type { CampaignStatus } from "./queries";

/** How the members of a campaign divide: every one of them is in one of the counts, and those reached in one of four more. */
export function countsOf(campaign: CampaignStatus) {
  const { counts } = campaign;
  const of = (counted: Record<string, unknown>, word: string): number => {
    const value = counted[word];
    return typeof value === "number" ? value : 0;
  };
  const actions: Record<string, unknown> = campaign.appointment_actions;
  const reached = of(campaign.outcomes, "answered");
  return {
    toCall: campaign.total_members - counts.skipped,
    called: counts.completed + counts.failed + counts.placing,
    reached,
    confirmed: of(actions, "confirmed"),
    moved: of(actions, "rescheduled"),
    cancelled: of(actions, "cancelled"),
    undecided: of(actions, "no_action"),
    missed: counts.completed - reached + counts.failed,
    calling: counts.placing,
    waiting: counts.planned,
    stopped: counts.cancelled,
    skipped: counts.skipped,
  };
}
