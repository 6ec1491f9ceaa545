import { parseDate, parseTime, type CalendarDate, type Time } from "@internationalized/date";
import { CalendarDays } from "lucide-react";
import { lazy, Suspense, useRef, useState } from "react";
import { DateField as AriaDateField, DateInput, DateSegment } from "react-aria-components/DateField";
import { Button } from "react-aria-components/Button";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { TimeField as AriaTimeField } from "react-aria-components/TimeField";
import { by24Hours } from "@/lib/time";
import css from "./Field.module.css";
import own from "./DateTime.module.css";
import { Below, FieldLabel, type Mark } from "./Field";
import { LOCALE, loadCalendar } from "./calendar";
import { cx } from "./cx";

const CalendarPopover = lazy(loadCalendar);

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

/** A date typed part by part, or chosen in a calendar; `yyyy-mm-dd` or nothing. */
export function DateField({ label, value, onChange, help, error, optional, isDisabled = false, mark }: Props) {
  const [missing, setMissing] = useState(false);
  return (
    <I18nProvider locale={LOCALE}>
      <AriaDateField<CalendarDate> className={css.field} value={value ? parseDate(value) : null} onChange={(date) => onChange(date?.toString() ?? "")} isInvalid={Boolean(error)} isDisabled={isDisabled} shouldForceLeadingZeros>
        <FieldLabel label={label} optional={optional} mark={mark} />
        <div className={css.box}>
          <DateInput className={cx(css.input, own.input, own.dated)}>{segment}</DateInput>
          <InCalendar label={label} value={value} onChange={onChange} isDisabled={isDisabled} onMissing={() => setMissing(true)} />
        </div>
        <Below help={missing ? "The calendar could not be loaded. Type the date." : help} error={error} />
      </AriaDateField>
    </I18nProvider>
  );
}

/** The button at the end of a date field; what it opens comes when it is wanted. */
function InCalendar({ label, value, onChange, isDisabled, onMissing }: Pick<Props, "label" | "value" | "onChange" | "isDisabled"> & { onMissing: () => void }) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <Button ref={button} className={own.calendar} aria-label={`${label}, open the calendar`} aria-haspopup="dialog" aria-expanded={open} isDisabled={isDisabled ?? false} onHoverStart={() => void loadCalendar().catch(() => null)} onPress={() => void loadCalendar().then(() => setOpen(true), onMissing)}>
        <CalendarDays size={17} aria-hidden />
      </Button>
      {open && (
        <Suspense fallback={null}>
          <CalendarPopover label={label} value={value} trigger={button} onChoose={onChange} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

/** A time of day typed part by part; `hh:mm` of 24 hours or nothing. */
export function TimeField({ label, value, onChange, help, error, optional, isDisabled = false, mark }: Props) {
  return (
    <I18nProvider locale={LOCALE}>
      <AriaTimeField<Time> className={css.field} hourCycle={by24Hours() ? 24 : 12} value={value ? parseTime(value) : null} onChange={(time) => onChange(time?.toString().slice(0, 5) ?? "")} isInvalid={Boolean(error)} isDisabled={isDisabled}>
        <FieldLabel label={label} optional={optional} mark={mark} />
        <DateInput className={cx(css.input, own.input)}>{segment}</DateInput>
        <Below help={help} error={error} />
      </AriaTimeField>
    </I18nProvider>
  );
}
