import { useZone } from "@/features/session/business";
import { city } from "@/lib/time";
import { DateField, TimeField } from "@/ui/DateTime";
import { Checkbox, Row, SelectField } from "@/ui/Field";
import { Segments } from "@/ui/Segments";
import { SpokenField } from "@/features/contacts/SpokenField";
import css from "./OptionsForm.module.css";
import type { Options } from "./options";

/** When, how fast and with which words a campaign calls. */
export function OptionsForm({ options, onChange, errors }: { options: Options; onChange: (next: Options) => void; errors: Record<string, string> }) {
  const zone = useZone();
  const set = (change: Partial<Options>) => onChange({ ...options, ...change });
  return (
    <div className={css.form}>
      <fieldset className={css.set}>
        <legend>When</legend>
        <Segments
          label="When"
          value={options.timing}
          onChange={(timing) => set({ timing })}
          options={[
            { id: "immediate", name: "Now, as fast as allowed" },
            { id: "scheduled", name: "At a time" },
            { id: "staggered", name: "Spread out" },
          ]}
        />
        {options.timing === "scheduled" && (
          <Row>
            <DateField label="Day" value={options.date} onChange={(date) => set({ date })} error={errors.scheduled_datetime} />
            <TimeField label="Time" value={options.time} onChange={(time) => set({ time })} help={`${city(zone)} time. Outside the call hours it begins when they open.`} />
          </Row>
        )}
        {options.timing === "staggered" && (
          <SelectField
            label="Spread over"
            value={options.stagger}
            options={["15", "30", "60", "120"].map((each) => ({ id: each, name: `${each} minutes` }))}
            onChange={(stagger) => set({ stagger: stagger as Options["stagger"] })}
            help="Never faster than the limit of calls."
          />
        )}
        <SelectField
          label="Priority"
          value={options.priority}
          options={[
            { id: "normal", name: "Normal" },
            { id: "high", name: "High" },
            { id: "urgent", name: "Urgent: before other calls" },
          ]}
          onChange={(priority) => set({ priority: priority as Options["priority"] })}
        />
      </fieldset>
      <fieldset className={css.set}>
        <legend>Words</legend>
        <SpokenField label="Words added to the call" field="custom_message" rows={3} most={200} value={options.words} onChange={(words) => set({ words })} error={errors.custom_message_addition} help="Said once, after the person confirmed who they are." optional />
        {options.words && (
          <Checkbox isSelected={options.replace} onChange={(replace) => set({ replace })}>
            Say this instead of the usual words
          </Checkbox>
        )}
      </fieldset>
    </div>
  );
}
