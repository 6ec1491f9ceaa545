import type { LucideIcon } from "lucide-react";
import { ToggleButton } from "react-aria-components/ToggleButton";
import { ToggleButtonGroup } from "react-aria-components/ToggleButtonGroup";
import { cx } from "./cx";
import css from "./Segments.module.css";

interface SegmentsProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: { id: T; name: string; icon?: LucideIcon; count?: string | undefined }[];
  /** Many of them, which are known from the start: chips in as many lines as they need where the screen is narrow. */
  chips?: boolean;
}

/** One of a few views of the same thing. */
export function Segments<T extends string>({ label, value, onChange, options, chips = false }: SegmentsProps<T>) {
  return (
    <ToggleButtonGroup
      aria-label={label}
      className={cx(css.group, chips && css.chips)}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={(keys) => {
        const chosen = options.find((each) => keys.has(each.id));
        if (chosen) onChange(chosen.id);
      }}
    >
      {options.map(({ id, name, icon: Icon, count }) => (
        <ToggleButton key={id} id={id} className={css.segment}>
          {Icon && <Icon size={15} aria-hidden />}
          {name}
          {count !== undefined && <span className="num">{count}</span>}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
