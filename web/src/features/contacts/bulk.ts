import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { forgetAtEnd } from "@/api/session";

export type Operation = Pick<Schemas["BulkBody"], "operation" | "new_status" | "reason" | "confirmation_method" | "group_changes" | "field_updates" | "confirm">;
export type Job = Schemas["Job"];
export type Preview = Schemas["BulkPreview"];

/** The last change of many: what the dock offers to undo. */
export interface LastChange {
  job: Job;
  text: string;
}

let last: LastChange | null = null;
const listeners = new Set<() => void>();

export function setLast(next: LastChange | null): void {
  last = next;
  for (const listener of listeners) listener();
}

forgetAtEnd(() => setLast(null));

export const lastNow = (): LastChange | null => last;

export const useLast = (): LastChange | null =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    lastNow,
  );

export const undoable = (change: LastChange | null): boolean => change?.job.undo_until != null && change.job.undone_by == null && Date.parse(change.job.undo_until) > now().getTime();

const isJob = (answer: Job | Preview): answer is Job => "job_id" in answer;

export function useBulk() {
  const client = useQueryClient();
  const preview = useMutation({
    mutationFn: async ({ selection, operation }: { selection: Schemas["BulkSelection"]; operation: Operation }) => {
      const answer = await body(api.POST("/api/contacts/bulk", { body: { ...operation, selection, dry_run: true } }));
      if (isJob(answer)) throw new Error("a dry run began a job");
      return answer;
    },
  });
  const run = useMutation({
    mutationFn: async ({ selection, operation }: { selection: Schemas["BulkSelection"]; operation: Operation }) => {
      const answer = await body(api.POST("/api/contacts/bulk", { body: { ...operation, selection } }));
      if (!isJob(answer)) throw new Error("a run answered with a preview");
      return answer;
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["contacts"] });
      void client.invalidateQueries({ queryKey: ["groups"] });
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  const undo = useMutation({
    mutationFn: (job: Job) => body(api.POST("/api/jobs/{job_id}/undo", { params: { path: { job_id: job.job_id } }, body: {} })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["contacts"] });
      void client.invalidateQueries({ queryKey: ["groups"] });
      void client.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  return { preview, run, undo };
}
