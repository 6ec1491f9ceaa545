import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal, byField } from "@/api/problem";
import { CallTabs } from "@/features/calls/CallTabs";
import css from "@/features/calls/CallsPage.module.css";
import { PhoneField } from "@/features/contacts/form/PhoneField";
import { Phone } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { useMay } from "@/features/session/use";
import { dayAndTime } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { ShowMore } from "@/ui/ShowMore";
import { toast } from "@/ui/toast";
import { ImportDialog } from "./ImportDialog";

type Entry = Schemas["DoNotCallEntry"];

const SOURCE: Record<string, string> = { call: "asked on a call", manual: "typed in", import: "imported" };

/** Numbers that Vio never calls, whoever asks. */
export default function DncPage() {
  const zone = useZone();
  const may = useMay();
  const colleague = useColleague();
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
        {list.isPending && <Skeleton rows={4} />}
        {list.isError && <ErrorNote error={list.error} what="Could not load the list." retry={() => void list.refetch()} />}
        {list.data && entries.length === 0 && <Empty title="No number is on the list">A person who says “do not call me” to Vio is put here by themselves.</Empty>}
        <ul>
          {entries.map((each) => (
            <li key={each.dnc_id} className={`${css.row ?? ""} ${css.history ?? ""}`}>
              <b className="num">{each.phone ? <Phone>{each.phone}</Phone> : "Erased number"}</b>
              <span>{each.reason ? `“${each.reason}”` : <span className="faint">No reason given</span>}</span>
              <span className="muted">{SOURCE[each.source] ?? each.source}</span>
              <span className="muted">
                {dayAndTime(new Date(each.added_at), zone, now())}
                {colleague(each.added_by) && `, ${colleague(each.added_by) ?? ""}`}
              </span>
              {may("modify_call_schedules") && (
                <Button small look="quiet" onPress={() => setRemoving(each)}>
                  Remove
                </Button>
              )}
            </li>
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
