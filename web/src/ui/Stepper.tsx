import { Check } from "lucide-react";
import css from "./Stepper.module.css";
import { cx } from "./cx";

interface StepperProps<T extends string> {
  label: string;
  steps: readonly { id: T; name: string }[];
  current: T;
  onGo: (step: T) => void;
}

/** The steps of a form: which are behind, which is open, which come. Each leads there; what is entered stays. */
export function Stepper<T extends string>({ label, steps, current, onGo }: StepperProps<T>) {
  const open = steps.findIndex(({ id }) => id === current);
  return (
    <nav aria-label={label} className={css.nav}>
      <ol className={css.steps}>
        {steps.map(({ id, name }, place) => {
          const done = place < open;
          return (
            <li key={id}>
              <button type="button" aria-current={place === open ? "step" : undefined} className={cx(css.step, place === open && css.current, done && css.done)} onClick={() => onGo(id)}>
                <span className={css.mark} aria-hidden>
                  {done ? <Check size={13} strokeWidth={2.6} /> : place + 1}
                </span>
                <span>
                  {name}
                  {done && <span className="hidden-visually">, done</span>}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
