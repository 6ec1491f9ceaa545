import { Check, LoaderCircle, Pencil } from "lucide-react";
import { useZone } from "@/features/session/business";
import { clock } from "@/lib/time";
import { Button } from "@/ui/Button";
import { ErrorNote, Hint } from "@/ui/Notes";
import { useSay } from "@/ui/say";
import css from "./settings.module.css";
import type { AutoSave } from "./useAutoSave";

/** Says whether a section is saved, and what to do where it is not. */
export function SaveState({ state }: { state: AutoSave }) {
  const zone = useZone();
  useSay("saved", !state.saving && !state.dirty && state.savedAt ? `Saved ${clock(state.savedAt, zone)}` : "");
  return (
    <>
      <p className={css.state}>
        {state.saving ? (
          <>
            <LoaderCircle size={15} aria-hidden /> Saving
          </>
        ) : state.dirty ? (
          <>
            <Pencil size={15} aria-hidden /> Changed, saves by itself
          </>
        ) : state.savedAt ? (
          <>
            <Check size={15} aria-hidden /> Saved {clock(state.savedAt, zone)}
          </>
        ) : (
          "Changes save by themselves"
        )}
      </p>
      {state.clashed && (
        <Hint tone="attention">
          A colleague changed these settings a moment ago. You see theirs, with your changes laid over them.
          <span className={css.buttons}>
            <Button small look="primary" onPress={state.save}>
              Save mine
            </Button>
            <Button small onPress={state.drop}>
              Drop mine
            </Button>
          </span>
        </Hint>
      )}
      {state.refusal && (
        <ErrorNote error={state.refusal} what={`Not saved. ${state.refusal.fields.map((each) => each.detail).join(" ")}`} retry={state.save} />
      )}
    </>
  );
}
