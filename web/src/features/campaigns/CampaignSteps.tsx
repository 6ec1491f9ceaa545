import { ArrowLeft, ArrowRight, Phone, RotateCw } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";
import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { clock } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Hint, Skeleton } from "@/ui/Notes";
import { CampaignRefused } from "./CampaignRefused";
import { Plan, startWords } from "./Plan";
import css from "./Steps.module.css";
import { WhenStep } from "./WhenStep";
import { WordsStep } from "./WordsStep";
import type { Flow } from "./flow";
import { STEPS, placeOf } from "./options";

interface Props {
  flow: Flow;
  /** Whom it calls, as the first step says it. */
  who: ReactNode;
  /** Somebody of them, for whom the words are shown. */
  example: string | undefined;
  groupId?: string;
  onLeave: () => void;
}

/** The step that is open. */
export function StepBody({ flow, who, example, groupId, onLeave }: Props) {
  const { step, moves, dry, plan, refusal } = flow;
  const place = placeOf(step);
  // A step takes the focus when somebody comes to it, or its first field that is wrong.
  const own = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (moves === 0) return;
    const wrong = own.current?.querySelector<HTMLElement>("[aria-invalid='true'], [data-invalid] [role='spinbutton']");
    if (wrong) {
      wrong.focus();
      return;
    }
    own.current?.focus({ preventScroll: true });
    own.current?.scrollIntoView({ block: "start" });
  }, [moves]);
  const ways = { onWhen: () => flow.go("when"), onAgain: flow.again, onLeave };
  return (
    <div ref={own} role="group" aria-label={`Step ${String(place + 1)} of ${String(STEPS.length)}: ${STEPS[place]?.name ?? ""}`} tabIndex={-1} className={css.form}>
      {step === "who" && who}
      {step === "when" && <WhenStep flow={flow} onLeave={onLeave} />}
      {step === "words" && <WordsStep flow={flow} contactId={example} onLeave={onLeave} />}
      {step === "check" && (
        <>
          {refusal && <CampaignRefused flow={flow} error={refusal} onLeave={onLeave} {...(groupId && { groupId })} />}
          {dry.isPending && <Skeleton rows={6} label="Checking who would be called" />}
          {plan && <Plan run={plan} ways={ways} />}
        </>
      )}
    </div>
  );
}

/** On, back, and at the end the start: its button says how many and from when. */
export function StepButtons({ flow, wide = false }: { flow: Flow; wide?: boolean }) {
  const zone = useZone();
  const { step, plan, start } = flow;
  const next = STEPS[placeOf(step) + 1];
  const back = step !== "who" && (
    <Button look={step === "check" ? "quiet" : "secondary"} icon={ArrowLeft} wide={wide} onPress={flow.back}>
      Back
    </Button>
  );
  if (next) {
    const on = (
      <Button look="primary" icon={ArrowRight} wide={wide} onPress={flow.next}>
        {next.id === "check" ? "See what would happen" : `Next: ${next.name}`}
      </Button>
    );
    return wide ? (
      <>
        {on}
        {back}
      </>
    ) : (
      <>
        {back}
        {on}
      </>
    );
  }
  const go = plan && plan.to_be_called > 0 && (
    <Button look="primary" icon={Phone} wide={wide} isPending={start.isPending || flow.dry.isFetching} onPress={() => start.mutate()}>
      {startWords(plan, zone)}
    </Button>
  );
  const again = plan && plan.to_be_called === 0 && (
    <Button look="primary" icon={RotateCw} wide={wide} isPending={flow.dry.isFetching} onPress={flow.again}>
      Check again
    </Button>
  );
  return wide ? (
    <>
      {go}
      {again}
      {back}
    </>
  ) : (
    <>
      {back}
      {go}
      {again}
    </>
  );
}

/** What holds after the start, and how old the check is. */
export function StepNote({ flow }: { flow: Flow }) {
  const zone = useZone();
  if (flow.step !== "check") return <p className="muted">Nobody is called before the last step.</p>;
  if (!flow.plan) return null;
  if (flow.plan.to_be_called === 0) return <Hint tone="waiting">Nobody would be called. What leaves them out, and what to do about it, is listed here.</Hint>;
  return <p className="muted">{`You can pause or stop at any time. Calls already ringing finish. Checked at ${clock(flow.checkedAt ?? now(), zone)}; anyone whose consent or status changes before their turn is left out.`}</p>;
}
