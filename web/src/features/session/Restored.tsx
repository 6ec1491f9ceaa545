import { History } from "lucide-react";
import { Button } from "@/ui/Button";
import { Hint } from "@/ui/Notes";
import css from "./Restored.module.css";

/** Says that a form holds what was typed before, and how to be rid of it. */
export function Restored({ shown, onDiscard }: { shown: boolean; onDiscard: () => void }) {
  if (!shown) return null;
  return (
    <div role="status">
      <Hint tone="moved" icon={<History size={16} aria-hidden />}>
        <span className={css.line}>
          Restored draft: what you had entered here before.
          <Button small look="quiet" onPress={onDiscard}>
            Discard it
          </Button>
        </span>
      </Hint>
    </div>
  );
}
