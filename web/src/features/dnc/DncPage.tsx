import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { Plus, Search } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { CallTabs } from "@/features/calls/CallTabs";
import css from "@/features/calls/CallsPage.module.css";
import { PhoneField } from "@/features/contacts/form/PhoneField";
import { Detail, Phone } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMay } from "@/features/session/use";
import { dayAndTime } from "@/lib/time";
import { useDelayed } from "@/lib/useDelayed";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { ShowMore } from "@/ui/ShowMore";
import { toast } from "@/ui/toast";
import { useSay } from "@/ui/say";
import { useEntryOf, type Entry } from "./entry";
import { ImportDialog } from "./ImportDialog";

const SOURCE: Record<string, string> = { call: "asked on a call", manual: "typed in", import: "imported" };

/** Numbers that Vio never calls, whoever asks. */
export default function DncPage() {
  const may = useMay();
  const [dialog, setDialog] = useState<"add" | "import" | null>(null);
  const [removing, setRemoving] = useState<Entry | null>(null);
  const list = useInfiniteQuery({
    queryKey: ["dnc"],
    queryFn: ({ pageParam }) => body(api.GET("/api/dnc", { params: { query: { page_size: 50, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });
  const entries = list.data?.pages.flatMap((page) => page.dnc) ?? [];
  return (
    <>
      <CallTabs />
      <Panel
        title="Do-not-call list"
        aside={
          <>
            {may("modify_call_schedules") && (
              <Button small onPress={() => setDialog("import")}>
                Import numbers
              </Button>
            )}
            {may("edit_own_contacts") && (
              <Button small look="primary" icon={Plus} onPress={() => setDialog("add")}>
                Add a number
              </Button>
            )}
          </>
        }
      >
        <FindNumber onRemove={setRemoving} />
        {list.isPending && <Skeleton rows={4} />}
        {list.isError && <ErrorNote error={list.error} what="Could not load the list." retry={() => void list.refetch()} />}
        {list.data && entries.length === 0 && <Empty title="No number is on the list">Vio puts everybody here who says “do not call me” on a call.</Empty>}
        <ul>
          {entries.map((each) => (
            <Row key={each.dnc_id} entry={each} onRemove={setRemoving} />
          ))}
        </ul>
        <ShowMore list={list} />
      </Panel>
      {dialog === "add" && <AddDialog onClose={() => setDialog(null)} />}
      {dialog === "import" && <ImportDialog onClose={() => setDialog(null)} />}
      {removing && <RemoveDialog entry={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}

function Row({ entry, onRemove }: { entry: Entry; onRemove: (entry: Entry) => void }) {
  const zone = useZone();
  const may = useMay();
  const colleague = useColleague();
  return (
    <li className={`${css.row ?? ""} ${css.listed ?? ""}`}>
      <b className="num">{entry.phone ? <Phone>{entry.phone}</Phone> : "Erased number"}</b>
      <span>{entry.reason ? <Detail>{`“${entry.reason}”`}</Detail> : <span className="faint">No reason given</span>}</span>
      <span className="muted">{SOURCE[entry.source] ?? entry.source}</span>
      <span className="muted">
        {dayAndTime(new Date(entry.added_at), zone, now())}
        {colleague(entry.added_by) && `, ${colleague(entry.added_by) ?? ""}`}
      </span>
      {may("modify_call_schedules") && (
        <Button small look="quiet" onPress={() => onRemove(entry)}>
          Remove
        </Button>
      )}
    </li>
  );
}

/** Whether a number is on the list, however long that is. What is typed stays out of the address. */
function FindNumber({ onRemove }: { onRemove: (entry: Entry) => void }) {
  const come = useLocation({ select: (location) => location.state.listed });
  const [phone, setPhone] = useState(come ?? "");
  const settled = useDelayed(phone, 300);
  const found = useEntryOf(settled);
  const wrong = found.error instanceof Refusal ? byField(found.error).phone : undefined;
  const answered = phone === settled && found.isSuccess;
  const answer = !answered ? "" : found.data ? "On the list:" : "Not on the list. Vio may call it.";
  useSay("number", answer.replace(":", "."));
  return (
    <>
      <search className={css.filters}>
        <TextField label="Find a number" type="search" leading={<Search size={16} aria-hidden />} value={phone} onChange={setPhone} autoComplete="off" error={phone === settled ? wrong : undefined} />
        <p className="muted">{answer}</p>
      </search>
      {found.isError && !wrong && <ErrorNote error={found.error} what="Could not look the number up." retry={() => void found.refetch()} />}
      {answered && found.data && (
        <ul aria-label="The number you looked for">
          <Row entry={found.data} onRemove={onRemove} />
        </ul>
      )}
    </>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [phone, setPhone] = useState("");
  const [reason, setReason] = useState("");
  const add = useMutation({
    mutationFn: () => body(api.POST("/api/dnc", { body: { phone: phone.trim(), ...(reason.trim() && { reason: reason.trim() }) } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["dnc"] });
      void client.invalidateQueries({ queryKey: ["contacts"] });
      toast("Added. Vio does not call this number any more.");
      onClose();
    },
  });
  const refusal = add.error instanceof Refusal ? add.error : null;
  const errors = byField(refusal);
  return (
    <Dialog
      title="Add a number to the do-not-call list"
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={!phone.trim()} isPending={add.isPending} onPress={() => add.mutate()}>
            Add
          </Button>
        </>
      }
    >
      {refusal && refusal.fields.length === 0 && <ErrorNote error={refusal} what="Not added." />}
      <PhoneField label="Phone" value={phone} onChange={setPhone} error={errors.phone} isRequired />
      <TextField label="Reason" optional value={reason} onChange={setReason} maxLength={300} error={errors.reason} />
    </Dialog>
  );
}

function RemoveDialog({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/dnc/{dnc_id}", { params: { path: { dnc_id: entry.dnc_id } }, body: { ...(reason.trim() && { reason: reason.trim() }) } }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["dnc"] });
      void client.invalidateQueries({ queryKey: ["contacts"] });
      toast("Removed. The number may be called again.");
      onClose();
    },
  });
  return (
    <Dialog
      title="Take this number off the list?"
      alert
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Keep it</Button>
          <Button look="danger" isPending={remove.isPending} onPress={() => remove.mutate()}>
            Take it off
          </Button>
        </>
      }
    >
      {remove.isError && <ErrorNote error={remove.error} what="Nothing was changed." />}
      <p>Only if the person asked for that. Vio may call <Phone>{entry.phone}</Phone> again.</p>
      <TextField label="Reason" optional value={reason} onChange={setReason} maxLength={300} />
    </Dialog>
  );
}
