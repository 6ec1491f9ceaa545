import { getLocalTimeZone, parseDate } from "@internationalized/date";
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { RefObject } from "react";
import { Calendar, CalendarCell, CalendarGrid, CalendarGridBody, CalendarGridHeader, CalendarHeaderCell } from "react-aria-components/Calendar";
import { Dialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { Popover } from "react-aria-components/Popover";
import { now } from "@/api/clock";
import { dateKey } from "@/lib/time";
import { IconButton } from "./Button";
import css from "./CalendarPopover.module.css";
import { LOCALE } from "./calendar";
import { cx } from "./cx";

interface Props {
  label: string;
  /** `yyyy-mm-dd` or nothing. */
  value: string;
  trigger: RefObject<HTMLElement | null>;
  onChoose: (value: string) => void;
  onClose: () => void;
}

/** A month to choose a day of. The focus begins on the chosen day, else on today, and returns to the button. */
export default function CalendarPopover({ label, value, trigger, onChoose, onClose }: Props) {
  // By the server's clock, as everything on the page is.
  const today = dateKey(now(), getLocalTimeZone());
  return (
    <I18nProvider locale={LOCALE}>
      <Popover className={css.popover} placement="bottom end" triggerRef={trigger} isOpen onOpenChange={(open) => !open && onClose()}>
        <Dialog aria-label={`${label}, calendar`} className={css.dialog}>
          <Calendar
            aria-label={label}
            autoFocus
            value={value ? parseDate(value) : null}
            defaultFocusedValue={parseDate(value || today)}
            onChange={(date) => {
              onChoose(date.toString());
              onClose();
            }}
          >
            <header className={css.header}>
              <IconButton slot="previous" icon={ChevronLeft} label="Previous month" />
              <Heading level={2} className={css.month} />
              <IconButton slot="next" icon={ChevronRight} label="Next month" />
            </header>
            <CalendarGrid weekdayStyle="short" className={css.grid}>
              <CalendarGridHeader>{(day) => <CalendarHeaderCell className={css.weekday}>{day}</CalendarHeaderCell>}</CalendarGridHeader>
              <CalendarGridBody>{(date) => <CalendarCell date={date} className={cx(css.day, date.toString() === today && css.today)} />}</CalendarGridBody>
            </CalendarGrid>
          </Calendar>
        </Dialog>
      </Popover>
    </I18nProvider>
  );
}
