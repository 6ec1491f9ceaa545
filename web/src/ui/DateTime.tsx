import { parseDate, parseTime, type CalendarDate, type Time } from "@internationalized/date";
import { DateField as AriaDateField, DateInput, DateSegment } from "react-aria-components/DateField";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { TimeField as AriaTimeField } from "react-aria-components/TimeField";
import css from "./Field.module.css";
import own from "./DateTime.module.css";
import { Below, FieldLabel, type Mark } from "./Field";
import { cx } from "./cx";

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  help?: string;
  error?: string | undefined;
  optional?: boolean;
  isDisabled?: boolean;
  mark?: Mark | undefined;
}

const segment = (each: Parameters<NonNullable<React.ComponentProps<typeof DateInput>["children"]>>[0]) => <DateSegment segment={each} className={own.segment} />;

/** A date typed part by part; `yyyy-mm-dd` or nothing. */
export function DateField({ label, value, onChange, help, error, optional, isDisabled = false, mark }: Props) {
  return (
    <I18nProvider locale="en-GB">
      <AriaDateField<CalendarDate> className={css.field} value={value ? parseDate(value) : null} onChange={(date) => onChange(date?.toString() ?? "")} isInvalid={Boolean(error)} isDisabled={isDisabled} shouldForceLeadingZeros>
        <FieldLabel label={label} optional={optional} mark={mark} />
        <DateInput className={cx(css.input, own.input)}>{segment}</DateInput>
        <Below help={help} error={error} />
      </AriaDateField>
    </I18nProvider>
  );
}

/** A time of day typed part by part; `hh:mm` of 24 hours or nothing. */
export function TimeField({ label, value, onChange, help, error, optional, isDisabled = false, mark }: Props) {
  return (
    <I18nProvider locale="en-GB">
      <AriaTimeField<Time> className={css.field} hourCycle={12} value={value ? parseTime(value) : null} onChange={(time) => onChange(time?.toString().slice(0, 5) ?? "")} isInvalid={Boolean(error)} isDisabled={isDisabled}>
        <FieldLabel label={label} optional={optional} mark={mark} />
        <DateInput className={cx(css.input, own.input)}>{segment}</DateInput>
        <Below help={help} error={error} />
      </AriaTimeField>
    </I18nProvider>
  );
}
