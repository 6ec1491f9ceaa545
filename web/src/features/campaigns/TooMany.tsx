import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Layers, Undo2 } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { Refusal, byField } from "@/api/problem";
import { RefusalCard } from "@/features/calls/RefusalCard";
import { useMay } from "@/features/session/use";
import { isGoing } from "@/features/shell/jobs";
import { number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import css from "./Steps.module.css";
import { MOST_OF_GROUP } from "./selected";

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** More people than are called without a group: they become one, and it is called. */
export function TooMany({ ids, size, onClose, onMade }: { ids: string[]; size: number; onClose: () => void; onMade: () => void }) {
  const may = useMay();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState<string | null>(null);
  const fits = size <= MOST_OF_GROUP;
  const make = useMutation({
    mutationFn: async (name: string) => {
      const group = await body(api.POST("/api/groups", { body: { name, initial_contact_ids: ids } }));
      // More than a hundred come into it one after the other: it is called when all are in.
      const job = group.job_id;
      while (job && isGoing(await body(api.GET("/api/jobs/{job_id}", { params: { path: { job_id: job } } })))) await pause(1_000);
      return group;
    },
    onSuccess: (group) => {
      void client.invalidateQueries({ queryKey: ["groups"] });
      void client.invalidateQueries({ queryKey: ["contacts"] });
      onMade();
      onClose();
      void navigate({ to: "/groups/$groupId/$tab", params: { groupId: group.id, tab: "call" } });
    },
  });
  const refusal = make.error instanceof Refusal ? make.error : null;
  const wrong = byField(refusal).name;
  return (
    <RefusalCard
      title="You can call up to 100 selected people at once"
      line={fits ? `You chose ${number(size)}. A group can hold up to ${number(MOST_OF_GROUP)}.` : `You chose ${number(size)}. As a group, up to ${number(MOST_OF_GROUP)} are called at once: choose fewer.`}
      about={size}
      offers={[
        ...(fits && may("manage_business_settings") && name === null ? [{ icon: Layers, title: "Make a group of these", line: "The group is called next; the steps are the same.", button: "Make a group of these", run: () => setName("") }] : []),
        { icon: Undo2, title: "Choose others", line: "What you selected stays selected.", button: "Go back", run: onClose },
      ]}
    >
      {name !== null && (
        <div className={css.part}>
          {make.isError && !wrong && <ErrorNote error={make.error} what="The group was not made." />}
          <TextField label="Name of the group" value={name} onChange={setName} maxLength={50} error={wrong} autoFocus />
          <div className={css.buttons}>
            <Button look="primary" icon={Layers} isDisabled={!name.trim()} isPending={make.isPending} onPress={() => make.mutate(name.trim())}>
              {`Make it of ${number(size)} and go on`}
            </Button>
          </div>
        </div>
      )}
    </RefusalCard>
  );
}
