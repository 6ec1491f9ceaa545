import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { WAYS_TO_AGREE } from "@/features/contacts/agreed";
import { contactOnce } from "@/features/contacts/one";
import { Name } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { fullDate } from "@/lib/time";
import { count, number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox, SelectField } from "@/ui/Field";
import { ErrorNote, Hint } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import css from "./Steps.module.css";

/** As many as are read and looked through at once. */
const MOST = 25;

/** Records who of several people agreed to be called: each is ticked by hand, because each was asked. */
export function ConsentOfMany({ people, onClose, onDone }: { people: { id: string; name: string }[]; onClose: () => void; onDone: () => void }) {
  const zone = useZone();
  const client = useQueryClient();
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [method, setMethod] = useState("verbal");
  const shown = people.slice(0, MOST);
  const withdrawn = useQueries({
    queries: shown.map(({ id }) => contactOnce(id)),
    combine: (answers) => new Map(answers.flatMap(({ data }) => (data?.preferences.voice_consent.state === "withdrawn" ? [[data.id, data.preferences.voice_consent.withdrawn_at] as const] : []))),
  });
  const save = useMutation({
    // One after the other: those before one that is refused stay recorded, and are ticked no more.
    mutationFn: async () => {
      for (const id of ticked) {
        await body(api.POST("/api/contacts/{contact_id}/consents", { params: { path: { contact_id: id } }, body: { action: "given", method } }));
        setTicked((before) => new Set([...before].filter((each) => each !== id)));
      }
      return ticked.size;
    },
    onSuccess: (recorded) => {
      toast(`Permission recorded for ${count(recorded, "person", "people")}.`);
      onDone();
      onClose();
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ["contacts"] }),
  });
  return (
    <Dialog
      title="Record permission for calls"
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={ticked.size === 0} isPending={save.isPending} onPress={() => save.mutate()}>
            {ticked.size === 0 ? "Record" : `Record for ${count(ticked.size, "person", "people")}`}
          </Button>
        </>
      }
    >
      {save.isError && <ErrorNote error={save.error} what="Not all were recorded: those still ticked are left." />}
      <fieldset className={css.people}>
        <legend>Who agreed to be called</legend>
        {shown.map(({ id, name }) => {
          const on = withdrawn.get(id);
          return (
            <Checkbox key={id} isSelected={ticked.has(id)} onChange={(tick) => setTicked((before) => new Set(tick ? [...before, id] : [...before].filter((each) => each !== id)))}>
              <Name>{name}</Name>
              {withdrawn.has(id) && <span className="muted">{`, withdrew it${on ? ` on ${fullDate(new Date(on), zone)}` : ""}`}</span>}
            </Checkbox>
          );
        })}
      </fieldset>
      {people.length > MOST && <Hint>{`The first ${number(MOST)} of ${number(people.length)}. The others come when these are recorded.`}</Hint>}
      <SelectField
        label="How they agreed"
        value={method}
        options={WAYS_TO_AGREE}
        onChange={setMethod}
      />
    </Dialog>
  );
}
