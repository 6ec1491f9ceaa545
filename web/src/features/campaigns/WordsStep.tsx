import { SpokenField } from "@/features/contacts/SpokenField";
import { Checkbox } from "@/ui/Field";
import { Hint } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { Said, useLevel } from "./Said";
import type { Flow } from "./flow";
import { MOST_WORDS } from "./options";
import css from "./Steps.module.css";

/** What Vio says, and what is added to it for this campaign. */
export function WordsStep({ flow: { options, errors, change }, contactId, onLeave }: { flow: Flow; contactId: string | undefined; onLeave: () => void }) {
  const level = useLevel();
  return (
    <>
      <Panel title="Words of this campaign" padded>
        <div className={css.part}>
          <SpokenField label="Words added to the call" field="custom_message" rows={3} most={MOST_WORDS} value={options.words} onChange={(words) => change({ words })} error={errors.words} help="Said once, after they said who they are. No health details." optional />
          {options.words && level !== "strict" && (
            <Checkbox isSelected={options.replace} onChange={(replace) => change({ replace })}>
              Say this instead of the usual words
            </Checkbox>
          )}
          {options.words && (level === "strict" || level === "unknown") && (
            <Hint tone="waiting">{level === "strict" ? "Privacy is set to strict: words added to a campaign are not said. They are once it is standard or basic." : "Where privacy is set to strict, words added to a campaign are not said."}</Hint>
          )}
        </div>
      </Panel>
      <Said contactId={contactId} options={options} onLeave={onLeave} />
    </>
  );
}
