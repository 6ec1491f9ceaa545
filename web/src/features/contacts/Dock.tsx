import { useMutation, useQuery } from "@tanstack/react-query";
import { Check, Download, Ellipsis, Layers, Megaphone, SquarePen, Trash2, Undo2, X } from "lucide-react";
import { Suspense, lazy, useEffect, useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal } from "@/api/problem";
import { MOST_OF_GROUP, idsKept } from "@/features/campaigns/selected";
import { useNouns } from "@/features/session/business";
import { useMay, useMe } from "@/features/session/use";
import { LeftOut } from "@/features/shell/LeftOut";
import { isGoing, leftOut, type Job } from "@/features/shell/jobs";
import { useShortcuts } from "@/features/shell/shortcuts";
import { count, number } from "@/lib/words";
import { Meter } from "@/ui/Bar";
import { Button, IconButton } from "@/ui/Button";
import { Kbd } from "@/ui/Kbd";
import { Menu } from "@/ui/Menu";
import { say, useSay } from "@/ui/say";
import { toast } from "@/ui/toast";
import { cx } from "@/ui/cx";
import { BulkDialog, type BulkKind } from "./BulkDialog";
import css from "./Dock.module.css";
import { ExportDialog } from "./ExportDialog";
import { setLast, undoable, useBulk, useLast, type LastChange } from "./bulk";
import { everybody } from "./everybody";
import { notShown, selectionBody, type Read, type Selecting } from "./selection";

/** The steps of a campaign come when they are wanted. */
const CallSelection = lazy(() => import("@/features/campaigns/CallSelection"));

interface DockProps {
  selecting: Selecting;
  total: number;
  search: Schemas["ContactSearch"];
  /** The list as far as it was read; absent while another one is on its way. */
  read?: Read | undefined;
}

/** The one place under a list for what is chosen, what runs, and what can be undone. */
export function Dock({ selecting, total, search, read }: DockProps) {
  const last = useLast();
  const may = useMay();
  const nouns = useNouns();
  const [kind, setKind] = useState<BulkKind | null>(null);
  const [exporting, setExporting] = useState(false);
  const me = useMe();
  const [calling, setCalling] = useState(() => {
    const ids = idsKept(me.id);
    return ids && { ids, size: ids.length };
  });
  const { size, selection } = selecting;
  const call = useMutation({
    mutationFn: async () => {
      if (selection.kind === "ids") return { ids: [...selection.ids.keys()], size };
      if (size > MOST_OF_GROUP) return { ids: [], size };
      const ids = [...(await everybody(selection.filter, MOST_OF_GROUP)).keys()];
      return { ids, size: ids.length };
    },
    onSuccess: setCalling,
    onError: () => toast("Not all of them could be read. Nobody is called; try again.", true),
  });
  const escape = { Escape: () => selecting.clear() };
  useShortcuts(size > 0 ? escape : {});
  const mayChange = may("edit_all_contacts", "modify_call_schedules");
  const chosen = size > 0;
  const away = read ? notShown(selection, read) : { count: 0, sure: true };
  const where = size === 1 ? "" : `${number(away.count)} `;
  useSay("selection", chosen ? `${number(size)} selected` : "");
  return (
    <>
      {chosen ? (
        <section className={css.dock} aria-label="Selection">
          <p className={css.size}>
            <b className="num">{number(size)}</b> selected{selecting.elsewhere && " by another filter"}
            {away.count > 0 && `, ${where}${away.sure ? "not shown" : "under another filter"}`}
          </p>
          {selection.kind === "ids" && size < total && (
            <button type="button" className={css.all} onClick={() => selecting.all(search, total)}>
              Select all {number(total)}
              <span className={css.list}> in this list</span>
            </button>
          )}
          {mayChange && (
            <div className={css.acts}>
              {may("modify_call_schedules") && (
                <Button look="dock" icon={Megaphone} isPending={call.isPending} onPress={() => call.mutate()}>
                  {`Call ${number(size)}`}
                </Button>
              )}
              <Button look="dock" icon={Layers} onPress={() => setKind("groups")}>
                Groups
              </Button>
              <Button look="dock" icon={Check} onPress={() => setKind("status")}>
                Set status
              </Button>
              <span className={css.roomy}>
                <Button look="dock" icon={SquarePen} onPress={() => setKind("edit")}>
                  Edit
                </Button>
              </span>
              <Menu
                label="More for the selection"
                trigger={<IconButton look="dock" icon={Ellipsis} label="More for the selection" />}
                actions={[
                  { id: "edit", name: `Edit ${nouns.many}`, icon: SquarePen, run: () => setKind("edit") },
                  may("export_contacts") && { id: "export", name: "Download the selection", icon: Download, run: () => setExporting(true) },
                  may("delete_contacts") && { id: "delete", name: `Delete ${nouns.many}`, icon: Trash2, danger: true, run: () => setKind("delete") },
                ]}
              />
            </div>
          )}
          {!mayChange && may("export_contacts") && (
            <Button look="dock" icon={Download} onPress={() => setExporting(true)}>
              Download
            </Button>
          )}
          <Button look="dock" icon={X} onPress={selecting.clear}>
            Clear
          </Button>
        </section>
      ) : (
        last && <Last key={last.job.job_id} change={last} />
      )}
      {kind && <BulkDialog kind={kind} selection={selectionBody(selection)} size={size} onClose={() => setKind(null)} onDone={selecting.clear} />}
      {exporting && <ExportDialog whom={selection.kind === "ids" ? { ids: [...selection.ids.keys()] } : { filter: selection.filter }} total={size} onClose={() => setExporting(false)} />}
      {calling && (
        <Suspense fallback={null}>
          <CallSelection {...calling} onClose={() => setCalling(null)} onStarted={selecting.clear} />
        </Suspense>
      )}
    </>
  );
}

/** What an undo did: of those who were changed since, nothing. */
function undoneWords(job: Job): string {
  const out = leftOut(job);
  return `${"changed" in job.summary ? number(job.summary.changed) : ""} put back.${out > 0 ? ` ${count(out, "was", "were")} changed since and left.` : ""}`;
}

/** Why it stays as it is, and what is left to do. */
const notUndone = (error: unknown): string =>
  !(error instanceof Refusal) || error.status >= 500 || error.status === 0 || error.status === 429
    ? "Not put back: nothing was changed. Undo can be tried again."
    : `Not put back. ${error.detail}`;

const spoken = new Map<string, string>();

/** What was done last: its progress, and ten minutes in which it can be undone. */
function Last({ change }: { change: LastChange }) {
  const { undo } = useBulk();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((before) => before + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const job = useQuery({
    queryKey: ["jobs", change.job.job_id],
    queryFn: () => body(api.GET("/api/jobs/{job_id}", { params: { path: { job_id: change.job.job_id } } })),
    initialData: change.job,
    refetchInterval: (query) => (query.state.data && isGoing(query.state.data) ? 1500 : false),
  }).data;
  const going = isGoing(job);
  const out = going ? 0 : leftOut(job);
  const [looking, setLooking] = useState(false);
  const can = undoable({ ...change, job });
  const left = job.undo_until ? Math.max(0, Math.floor((Date.parse(job.undo_until) - now().getTime()) / 1000)) : 0;
  const back = () =>
    undo.mutate(job, {
      onSuccess: (undone) => {
        // Nobody was left: there is nothing more to say or to see.
        if (isGoing(undone) || leftOut(undone) > 0) setLast({ job: undone, text: "Put back." });
        else {
          toast(undoneWords(undone));
          setLast(null);
        }
      },
    });
  const words = undo.isPending ? "Being put back." : undo.isError ? notUndone(undo.error) : going ? "Under way. You can leave this page." : job.kind === "undo" ? undoneWords(job) : `${change.text}${out > 0 ? ` ${count(out, "was", "were")} left out.` : ""}`;
  // It comes with what it says, and comes again with the page.
  useEffect(() => {
    if (spoken.get(job.job_id) === words) return;
    spoken.set(job.job_id, words);
    say(words, "change");
  }, [job.job_id, words]);
  const keys = { "ctrl+z": back };
  useShortcuts(can ? keys : {});
  return (
    <section className={cx(css.dock, css.done)} aria-label="Last change">
      {going ? <span className={css.progress}><Meter label="Progress" value={job.done_rows} most={job.total_rows} /></span> : <Check size={17} aria-hidden />}
      <p className={css.size}>{going && !undo.isPending && !undo.isError ? `${number(job.done_rows)} of ${number(job.total_rows)}. You can leave this page.` : words}</p>
      {out > 0 && (
        <button type="button" className={css.all} onClick={() => setLooking(true)}>
          {out === 1 ? "See who and why" : "See them"}
        </button>
      )}
      {can && (
        <>
          <Button look="dock" icon={Undo2} isPending={undo.isPending} onPress={back}>
            Undo
          </Button>
          <span className={css.roomy}>
            <Kbd>Ctrl Z</Kbd>
          </span>
          <span className={css.left}>{`Can be undone for ${String(Math.floor(left / 60))} min ${String(left % 60)} s`}</span>
        </>
      )}
      <span className={css.close}>
        <IconButton look="dock" icon={X} label="Close" onPress={() => setLast(null)} />
      </span>
      {looking && <LeftOut job={job} onClose={() => setLooking(false)} />}
    </section>
  );
}
