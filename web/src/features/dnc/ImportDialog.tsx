import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { phoneText } from "@/lib/phone";
import { count, number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import css from "./ImportDialog.module.css";

/** Numbers from a file or pasted: first what was understood, then adding them. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  // Of a file only the name is shown: a hundred thousand lines are not for a field.
  const [file, setFile] = useState<{ name: string; text: string } | null>(null);
  const csv = file?.text ?? typed;
  const preview = useMutation({
    mutationFn: async () => {
      const answer = await body(api.POST("/api/dnc/import", { body: { csv, dry_run: true } }));
      if ("job_id" in answer) throw new Error("a dry run began a job");
      return answer;
    },
  });
  const run = useMutation({
    mutationFn: () => body(api.POST("/api/dnc/import", { body: { csv } })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["dnc"] });
      void client.invalidateQueries({ queryKey: ["jobs"] });
      toast("The numbers are being added. See background work for the progress.");
      onClose();
    },
  });
  const seen = preview.data;
  return (
    <Dialog
      title="Import numbers"
      open
      onClose={onClose}
      footer={
        seen ? (
          <>
            <Button onPress={() => preview.reset()}>Back</Button>
            <Button look="primary" isDisabled={seen.to_add === 0} isPending={run.isPending} onPress={() => run.mutate()}>
              {`Add ${count(seen.to_add, "number")}`}
            </Button>
          </>
        ) : (
          <>
            <Button onPress={onClose}>Cancel</Button>
            <Button look="primary" isDisabled={!csv.trim()} isPending={preview.isPending} onPress={() => preview.mutate()}>
              Check
            </Button>
          </>
        )
      }
    >
      {(preview.isError || run.isError) && <ErrorNote error={preview.error ?? run.error} what="Nothing was added." />}
      {seen ? (
        <>
          <p>
            {count(seen.rows, "row")}: <b>{number(seen.to_add)}</b> to add, {number(seen.already_listed)} listed already, {number(seen.repeated)} repeated, {number(seen.rejected)} rejected.
          </p>
          {seen.understood.length > 0 && <p className="muted">Understood as: {seen.understood.slice(0, 5).map((each) => phoneText(each.phone)).join(", ")}</p>}
          {seen.errors.length > 0 && (
            <ul className={css.errors}>
              {seen.errors.map((each) => (
                <li key={each.row}>
                  Row {each.row}, “{each.given}”: {each.detail}
                </li>
              ))}
            </ul>
          )}
        </>
      ) : (
        <>
          <label className={css.file}>
            <span>CSV file</span>
            <input
              type="file"
              accept=".csv,.txt,text/csv"
              onChange={(event) => {
                const chosen = event.target.files?.[0];
                if (chosen) void chosen.text().then((text) => setFile({ name: chosen.name, text }));
                else setFile(null);
              }}
            />
          </label>
          {file ? (
            <p className="muted">
              {count(file.text.split("\n").filter((line) => line.trim()).length, "line")} in {file.name}.{" "}
              <button type="button" className={css.link} onClick={() => setFile(null)}>
                Paste numbers instead
              </button>
            </p>
          ) : (
            <TextField label="Or paste numbers" rows={6} value={typed} onChange={setTyped} help="One a line, or columns with the heads phone and reason." />
          )}
        </>
      )}
    </Dialog>
  );
}
