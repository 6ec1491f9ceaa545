import type { Schemas } from "@/api/client";
import { count, number } from "@/lib/words";

export type Job = Schemas["Job"];

export const isGoing = (job: Pick<Job, "status">): boolean => job.status === "running" || job.status === "receiving";

/** How many a job left out: contacts it could not change, rows it could not take. */
export const leftOut = ({ summary }: Pick<Job, "summary">): number => ("refused" in summary ? summary.refused : summary.rejected);

/** Where a job stands, and what it did. */
export function jobWords(job: Pick<Job, "status" | "summary">): string {
  const problems = leftOut(job);
  const stands = job.status === "cancelled" ? "Stopped" : isGoing(job) ? "Running" : problems > 0 ? `Finished with ${count(problems, "problem")}` : "Finished";
  return `${stands}, ${"changed" in job.summary ? `${number(job.summary.changed)} changed` : `${number(job.summary.added)} added`}`;
}

const WHY: Record<string, string> = {
  changed_since: "Changed since, and left as it is now",
  gone: "Deleted meanwhile",
  not_allowed: "You may not change this record",
  not_a_member: "Is not in the group",
  no_appointment: "Has no appointment",
  too_many_groups: "Would be in too many groups",
  group_gone: "The group was deleted or archived meanwhile",
  cancelled: "The work was stopped before",
};

/** Why somebody was left out; of a reason that is not known here, the API's own words. */
export const whyWords = (result: { code: string; detail: string }): string => WHY[result.code] ?? result.detail;
