import { Info } from "lucide-react";
import { api, body } from "@/api/client";
import { Restored } from "@/features/session/Restored";
import { useNouns } from "@/features/session/business";
import { useKept } from "@/features/session/useKept";
import { count } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Panel } from "@/ui/Panel";
import { Stepper } from "@/ui/Stepper";
import { Choices } from "./Choices";
import { StepBody, StepButtons, StepNote } from "./CampaignSteps";
import { Said } from "./Said";
import css from "./Steps.module.css";
import { TooMany } from "./TooMany";
import { useCampaignFlow } from "./flow";
import { BEGINNING, STEPS, untouched } from "./options";
import { LEFT_OUT } from "./reasons";
import { FORM, type KeptSelection } from "./selected";

/** As many as are called without a group. */
const MOST = 100;

interface Props {
  /** Whom; of more than a group may hold nobody, only how many. */
  ids: string[];
  size: number;
  onClose: () => void;
  onStarted: () => void;
}

/** Calls people chosen in a list: the same steps as for a group, in one dialog. */
export default function CallSelection({ ids, size, onClose, onStarted }: Props) {
  const nouns = useNouns();
  const title = `Call ${count(size, nouns.one, nouns.many)}`;
  if (size > MOST) {
    return (
      <Dialog title={title} kind="wide" open onClose={onClose}>
        <TooMany ids={ids} size={size} onClose={onClose} onMade={onStarted} />
      </Dialog>
    );
  }
  return <Steps title={title} ids={ids} onClose={onClose} onStarted={onStarted} />;
}

function Steps({ title, ids, onClose, onStarted }: Omit<Props, "size"> & { title: string }) {
  const nouns = useNouns();
  const { value, set, restored, discard, stay } = useKept<KeptSelection>(FORM, { ids, ...BEGINNING });
  const flow = useCampaignFlow({
    id: FORM,
    draft: value,
    set: (draft) => set({ ids, ...draft }),
    ask: (request) => body(api.POST("/api/campaigns", { body: { ...request, contact_ids: ids } })),
    onStarted: () => {
      onStarted();
      onClose();
    },
  });
  const { step, options, plan } = flow;
  const people = count(ids.length, nouns.one, nouns.many);
  const first = plan?.members.find((each) => each.would_call)?.contact_id;
  return (
    <Dialog
      title={title}
      kind="wide"
      open
      onClose={onClose}
      footer={
        <>
          {step === "who" && <Button onPress={onClose}>Cancel</Button>}
          <StepButtons flow={flow} />
        </>
      }
    >
      <Stepper label="Steps" steps={STEPS} current={step} onGo={flow.go} />
      <Restored shown={restored && !untouched(options)} onDiscard={discard} />
      <StepBody
        flow={flow}
        example={ids[0]}
        onLeave={stay}
        who={
          <Panel title="Who is called" padded>
            <div className={css.part}>
              <p className={css.who}>
                <span>
                  <b>{people}</b>
                  <span className="muted">Those you selected in the list</span>
                </span>
              </p>
              <p className={css.note}>
                <Info size={15} aria-hidden />
                <span>{LEFT_OUT}</span>
              </p>
            </div>
          </Panel>
        }
      />
      {plan && step === "check" && (
        <>
          <Said contactId={first} options={options} onChange={() => flow.go("words")} onLeave={stay} />
          <Choices who={people} options={options} onGo={flow.go} />
        </>
      )}
      <StepNote flow={flow} />
    </Dialog>
  );
}
