import css from "./Rereading.module.css";

/** A bar on top of rows that stand until others come that somebody asked for, by a filter or a search; what changes by itself has none. */
export const Rereading = ({ shown }: { shown: boolean }) => (shown ? <div className={css.bar} data-rereading aria-hidden /> : null);
