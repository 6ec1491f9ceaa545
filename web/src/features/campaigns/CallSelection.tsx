import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Phone } from "lucide-react";
import { api, body } from "@/api/client";
import { Refusal, byField } from "@/api/problem";
import { Restored } from "@/features/session/Restored";
import { useZone } from "@/features/session/business";
import { kept } from "@/features/session/kept";
import { useKept } from "@/features/session/useKept";
import { instantOf } from "@/lib/time";
import { count, number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Hint } from "@/ui/Notes";
import { OptionsForm } from "./OptionsForm";
import { NotStarted } from "./NotStarted";
import { Plan } from "./Plan";
import { PLAIN, complete, requestOf, untouched, type Options } from "./options";

const MOST = 100;
const FORM = "call-selection";

interface Kept {
  ids: string[];
  options: Options;
}

/** Whom somebody was about to call when the page was loaded again. */
export function idsKept(user: string): string[] | null {
  const found = kept(user, FORM) as Partial<Kept> | null;
  return Array.isArray(found?.ids) ? found.ids : null;
}

/** Calls people chosen in a list: the same steps as for a group, in one dialog. */
export function CallSelection({ ids, onClose, onStarted }: { ids: string[]; onClose: () => void; onStarted: () => void }) {
  const zone = useZone();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { value, set, restored, discard } = useKept<Kept>(FORM, { ids, options: PLAIN });
  const { options } = value;
  const setOptions = (options: Options) => set({ ids, options });
  const instant = (date: string, time: string) => instantOf(date, time, zone).toISOString();
  const ask = (dry: boolean) => body(api.POST("/api/campaigns", { body: { ...requestOf(options, instant, dry), contact_ids: ids } }));
  const dry = useMutation({ mutationFn: () => ask(true) });
  const start = useMutation({
    mutationFn: () => ask(false),
    onSuccess: (answer) => {
      void client.invalidateQueries({ queryKey: ["campaigns"] });
      onStarted();
      onClose();
      if ("campaign_id" in answer) void navigate({ to: "/calls/campaigns/$campaignId", params: { campaignId: answer.campaign_id } });
    },
  });
  const plan = dry.data && "members" in dry.data ? dry.data : null;
  const refusal = start.error ?? dry.error;
  const many = ids.length > MOST;
  return (
    <Dialog
      title={`Call ${count(ids.length, "person", "people")}`}
      kind="wide"
      open
      onClose={onClose}
      footer={
        plan ? (
          <>
            <Button onPress={() => dry.reset()}>Change</Button>
            <Button look="primary" icon={Phone} isDisabled={plan.to_be_called === 0} isPending={start.isPending} onPress={() => start.mutate()}>
              {`Call ${count(plan.to_be_called, "person", "people")}`}
            </Button>
          </>
        ) : (
          <>
            <Button onPress={onClose}>Cancel</Button>
            <Button look="primary" isDisabled={many || !complete(options)} isPending={dry.isPending} onPress={() => dry.mutate()}>
              Check
            </Button>
          </>
        )
      }
    >
      <Restored shown={!plan && restored && !untouched(options)} onDiscard={discard} />
      {many && (
        <Hint tone="attention">
          You can call up to {MOST} selected people at once. You chose {number(ids.length)}. A group can hold up to 1,000: put them into one and call the group.
        </Hint>
      )}
      {refusal && <NotStarted refusal={refusal} />}
      {plan ? <Plan run={plan} /> : <OptionsForm options={options} onChange={setOptions} errors={byField(dry.error instanceof Refusal ? dry.error : null)} />}
    </Dialog>
  );
}
