import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { api, type Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal } from "@/api/problem";
import { useNouns, useZone } from "@/features/session/business";
import { save } from "@/lib/save";
import { dateKey } from "@/lib/time";
import { count, number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, Hint } from "@/ui/Notes";
import { toast } from "@/ui/toast";

/** The most that one file takes. */
const MOST = 10_000;

/** A list or a selection as a file: who is in it and what it says of them, before it is made. */
export function ExportDialog({ whom, total, onClose }: { whom: Schemas["ContactsExport"]; total: number; onClose: () => void }) {
  const chosen = Boolean(whom.ids);
  const nouns = useNouns();
  const zone = useZone();
  const make = useMutation({
    mutationFn: async () => {
      const { response } = await api.POST("/api/contacts/export", { body: whom, parseAs: "stream" });
      // Names nobody: what somebody searched for stays out of names of files too.
      save(await response.blob(), `${nouns.many}-${dateKey(now(), zone)}.csv`);
    },
    onSuccess: () => {
      toast("The file is among your downloads.");
      onClose();
    },
  });
  const many = total > MOST;
  return (
    <Dialog
      title={chosen ? "Download the selection" : "Download this list"}
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" icon={Download} isDisabled={many || total === 0} isPending={make.isPending} onPress={() => make.mutate()}>
            {`Download ${count(total, nouns.one, nouns.many)}`}
          </Button>
        </>
      }
    >
      {make.isError && <ErrorNote error={make.error} what={make.error instanceof Refusal ? `No file was made. ${make.error.problem.title}.` : "No file was made."} />}
      {many ? (
        <Hint tone="attention">{`A file holds at most ${number(MOST)} ${nouns.many}. ${chosen ? "Choose fewer." : "Narrow the list with a filter first."}`}</Hint>
      ) : (
        <p>{`${count(total, nouns.one, nouns.many)}, ${chosen ? "exactly those you chose" : "as the filters and the order are now"}, one row each (CSV, for Excel and others).`}</p>
      )}
      <p>Each row has name, phone, email, company, the current appointment with its status, notes, groups, tags, tries and the next call. In HIPAA mode the type of appointment, instructions, notes, groups and tags are left out.</p>
      <p className="muted">The file holds personal data: keep it as carefully as the console. That you downloaded it is entered into the audit trail.</p>
    </Dialog>
  );
}
