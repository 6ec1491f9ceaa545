import { Check, Circle, LoaderCircle, PhoneCall, PhoneForwarded, X, type LucideIcon } from "lucide-react";
import type { Schemas } from "@/api/client";
import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { clock, duration } from "@/lib/time";
import { cx } from "@/ui/cx";
import css from "./CallSteps.module.css";
import { callWord, isOver } from "./words";

type Call = Schemas["CallSessionDetail"];
type Stage = "done" | "now" | "later" | "bad";

/** Checked and placed, Ringing, Talking, Result: where the call is. */
export function CallSteps({ call }: { call: Call }) {
  const zone = useZone();
  const result = callWord(call, now());
  const order = ["planned", "placing", "initiated", "ringing", "answered"].indexOf(call.status);
  const over = isOver(call.status);
  const talked = call.outcome === "answered" || (call.call_duration ?? 0) > 0;
  const reached = over ? (call.placed_at ? (talked ? 4 : 3) : 0) : order;
  const stage = (from: number, until: number): Stage => (over ? (reached >= from ? "done" : "later") : order >= until ? "done" : order >= from ? "now" : "later");
  const passed = call.decision.filter((each) => each.passed).length;
  const waiting = call.status === "planned";
  const steps: { name: string; stage: Stage; at?: string | undefined; line?: string | undefined; icon: LucideIcon }[] = [
    {
      name: waiting ? "Waiting in line" : "Checked and placed",
      stage: waiting ? "now" : over && !call.placed_at ? "bad" : call.status === "placing" ? "now" : "done",
      at: call.placed_at ? clock(new Date(call.placed_at), zone) : call.estimated_at ? `about ${clock(new Date(call.estimated_at), zone)}` : undefined,
      line: waiting ? (call.position ? `Number ${String(call.position)} in line` : undefined) : passed > 0 ? `${String(passed)} checks passed` : undefined,
      icon: LoaderCircle,
    },
    { name: "Ringing", stage: waiting ? "later" : stage(2, 4), icon: PhoneForwarded },
    { name: "Talking", stage: over && !talked ? "later" : stage(4, 5), icon: PhoneCall, line: over && talked && call.call_duration ? duration(call.call_duration) : undefined },
    {
      name: over ? result.word : "Result",
      stage: over ? (result.tone === "confirmed" || result.tone === "moved" || call.status === "completed" ? "done" : "bad") : "later",
      at: over && call.ended_at ? clock(new Date(call.ended_at), zone) : undefined,
      line: over ? undefined : waiting ? undefined : "usually under 2 minutes",
      icon: Circle,
    },
  ];
  return (
    <ol className={css.steps} aria-label="Steps of the call">
      {steps.map(({ name, stage: each, at, line, icon }) => {
        const Icon = each === "done" ? Check : each === "bad" ? X : each === "later" ? Circle : icon;
        return (
          <li key={name} className={cx(css.step, css[each])} aria-current={each === "now" ? "step" : undefined}>
            <span className={css.mark}>
              <Icon size={13} strokeWidth={2.4} aria-hidden />
            </span>
            <span className={css.name}>{name}</span>
            {at && <span className={cx(css.at, "num")}>{at}</span>}
            {line && <span className={css.line}>{line}</span>}
          </li>
        );
      })}
    </ol>
  );
}
