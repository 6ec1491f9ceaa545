/** The calendar beside a date field: its code is of no use until somebody wants it. */
export const loadCalendar = () => import("./CalendarPopover");

/** What is typed is read as it is written in the United Kingdom; weeks begin on Monday there. */
export const LOCALE = "en-GB";
