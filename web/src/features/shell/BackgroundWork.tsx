import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ListChecks, Undo2, X } from "lucide-react";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { ago, clock } from "@/lib/time";
import { count } from "@/lib/words";
import { Meter } from "@/ui/Bar";
import { Button, IconButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import css from "./BackgroundWork.module.css";

type Job = Schemas["Job"];

const KIND: Record<string, string> = {
  dnc_import: "Do-not-call import",
  bulk_status: "Status change",
  bulk_groups: "Groups change",
  bulk_edit: "Edit",
  bulk_delete: "Deletion",
  undo: "Undo",
};

const isGoing = (job: Job) => job.status === "running" || job.status === "receiving";

export function useJobs() {
  return useQuery({ queryKey: ["jobs"], queryFn: () => body(api.GET("/api/jobs", { params: { query: { page_size: 25 } } })) });
}

/** Work that goes on without its page: progress, stop, undo. */
export function BackgroundWork() {
  const jobs = useJobs().data?.jobs ?? [];
  const [open, setOpen] = useState(false);
  const going = jobs.filter(isGoing).length;
  return (
    <>
      <IconButton icon={ListChecks} label={going > 0 ? `Background work, ${String(going)} running` : "Background work"} onPress={() => setOpen(true)} badge={going > 0 && <span className={css.badge}>{going}</span>} />
      {open && <WorkDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function WorkDialog({ onClose }: { onClose: () => void }) {
  const jobs = useJobs();
  return (
    <Dialog title="Background work" kind="sheet" open onClose={onClose}>
      {jobs.isError && <ErrorNote error={jobs.error} what="Could not load the work." retry={() => void jobs.refetch()} />}
      {jobs.isPending && <Skeleton />}
      {jobs.data?.jobs.length === 0 && <Empty title="Nothing is under way">Changes to more than 100 people at once appear here, with their progress.</Empty>}
      <ul className={css.list}>
        {jobs.data?.jobs.map((job) => (
          <JobRow key={job.job_id} job={job} />
        ))}
      </ul>
    </Dialog>
  );
}

function JobRow({ job }: { job: Job }) {
  const client = useQueryClient();
  const zone = useZone();
  const done = () => {
    void client.invalidateQueries({ queryKey: ["jobs"] });
    void client.invalidateQueries({ queryKey: ["contacts"] });
  };
  const cancel = useMutation({ mutationFn: () => body(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: job.job_id } }, body: {} })), onSuccess: done });
  const undo = useMutation({ mutationFn: () => body(api.POST("/api/jobs/{job_id}/undo", { params: { path: { job_id: job.job_id } }, body: {} })), onSuccess: done });
  const summary = "changed" in job.summary ? job.summary : null;
  const undoable = job.undo_until && !job.undone_by && Date.parse(job.undo_until) > now().getTime();
  const words = job.status === "cancelled" ? "Stopped" : isGoing(job) ? "Running" : summary && summary.refused > 0 ? `Finished, ${count(summary.refused, "was left out", "were left out")}` : "Finished";
  return (
    <li className={css.job}>
      <div className={css.head}>
        <b>{KIND[job.kind] ?? job.kind}</b>
        <span className="faint">{ago(new Date(job.created_at), zone, now())}</span>
      </div>
      <p className="muted">
        {words}
        {summary && `, ${count(summary.changed, "changed", "changed")}`}
        {job.undone_by && ", undone"}
        {isGoing(job) && job.estimated_at && `, done about ${clock(new Date(job.estimated_at), zone)}`}
      </p>
      {isGoing(job) && <Meter label="Progress" value={job.done_rows} most={job.total_rows} />}
      {(cancel.isError || undo.isError) && <ErrorNote error={cancel.error ?? undo.error} what="Nothing was changed." />}
      <div className={css.actions}>
        {isGoing(job) && (
          <Button small icon={X} isPending={cancel.isPending} onPress={() => cancel.mutate()}>
            Stop
          </Button>
        )}
        {undoable && (
          <Button small icon={Undo2} isPending={undo.isPending} onPress={() => undo.mutate()}>
            Undo
          </Button>
        )}
      </div>
    </li>
  );
}
