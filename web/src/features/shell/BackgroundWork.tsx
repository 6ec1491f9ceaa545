import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, ListChecks, ListX, Undo2, X } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { save } from "@/lib/save";
import { ago, dateKey, endAbout } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { Meter } from "@/ui/Bar";
import { Button, IconButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import css from "./BackgroundWork.module.css";
import { LeftOut } from "./LeftOut";
import { isGoing, jobWords, leftOut, type Job } from "./jobs";

const KIND: Record<string, string> = {
  dnc_import: "Do-not-call import",
  bulk_status: "Status change",
  bulk_groups: "Groups change",
  bulk_edit: "Edit",
  bulk_delete: "Deletion",
  undo: "Undo",
};

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
  const at = useNow();
  const done = () => {
    void client.invalidateQueries({ queryKey: ["jobs"] });
    void client.invalidateQueries({ queryKey: ["contacts"] });
  };
  const cancel = useMutation({ mutationFn: () => body(api.POST("/api/jobs/{job_id}/cancel", { params: { path: { job_id: job.job_id } }, body: {} })), onSuccess: done });
  const undo = useMutation({ mutationFn: () => body(api.POST("/api/jobs/{job_id}/undo", { params: { path: { job_id: job.job_id } }, body: {} })), onSuccess: done });
  const undoable = job.undo_until && !job.undone_by && Date.parse(job.undo_until) > now().getTime();
  const [looking, setLooking] = useState(false);
  const errors = useMutation({
    mutationFn: async () => {
      const { response } = await api.GET("/api/jobs/{job_id}/errors.csv", { params: { path: { job_id: job.job_id } }, parseAs: "stream" });
      save(await response.blob(), `left-out-${dateKey(now(), zone)}.csv`);
    },
    onSuccess: () => toast("The file is among your downloads."),
  });
  return (
    <li className={css.job}>
      <div className={css.head}>
        <b>{KIND[job.kind] ?? job.kind}</b>
        <span className="faint">{ago(new Date(job.created_at), zone, at)}</span>
      </div>
      <p className="muted">
        {jobWords(job)}
        {job.undone_by && ", undone"}
        {isGoing(job) && job.estimated_at && `, ${endAbout("done", new Date(job.estimated_at), zone, at)}`}
      </p>
      {isGoing(job) && <Meter label="Progress" value={job.done_rows} most={job.total_rows} />}
      {(cancel.isError || undo.isError) && <ErrorNote error={cancel.error ?? undo.error} what="Nothing was changed." />}
      {errors.isError && <ErrorNote error={errors.error} what="No file was made." />}
      <div className={css.actions}>
        {job.results && !isGoing(job) && leftOut(job) > 0 && (
          <Button small icon={ListX} onPress={() => setLooking(true)}>
            See who was left out
          </Button>
        )}
        {job.errors && (
          <Button small icon={Download} isPending={errors.isPending} onPress={() => errors.mutate()}>
            Download the rows left out
          </Button>
        )}
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
      {looking && <LeftOut job={job} onClose={() => setLooking(false)} />}
    </li>
  );
}
