import { X } from "lucide-react";
import { useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Popover } from "react-aria-components/Popover";
import type { Schemas } from "@/api/client";
import { useGroups } from "@/features/groups/queries";
import { useZone } from "@/features/session/business";
import { dayAndTime, day, instantOf } from "@/lib/time";
import { now } from "@/api/clock";
import { humane } from "@/lib/words";
import { GroupMark } from "@/ui/Badge";
import css from "./Chips.module.css";
import { Facets } from "./Facets";
import { FACET_OF } from "./telling";
import { WORDS, type ListSearch, type TextSearch } from "./filters";
import { useForms } from "./queries";
import { STATUS } from "./status";
import type { List } from "./useList";

export interface Chip {
  key: string;
  name: string;
  value: string;
  mark?: ReactNode;
  without: { search: { [K in keyof ListSearch]?: undefined }; text?: Partial<Record<keyof TextSearch, undefined>> };
}

/** The filters of a list one by one, in words. */
export function useChips(list: List): Chip[] {
  const { search, text } = list;
  const groups = useGroups().data?.groups;
  const zone = useZone();
  const forms = useForms(Boolean(search.industry));
  const chips: Chip[] = [];
  const add = (key: keyof ListSearch, name: string, value: string, more: Partial<Chip> = {}) => chips.push({ key, name, value, without: { search: { [key]: undefined } }, ...more });
  const date = (value: string) => day(instantOf(value, "12:00", zone), zone, now());
  if (search.from ?? search.to) {
    const value = search.from && search.to ? (search.from === search.to ? date(search.from) : `${date(search.from)} to ${date(search.to)}`) : search.from ? `from ${date(search.from)}` : `until ${date(search.to ?? "")}`;
    add("from", "Appointment", value, { without: { search: { from: undefined, to: undefined } } });
  }
  if (search.when) add("when", "Appointment", WORDS.when[search.when]);
  if (search.status) add("status", "Status", search.status.map((each) => STATUS[each].word).join(" or "));
  if (search.attention) add("attention", "Needs", "attention");
  if (search.groups) {
    const chosen = search.groups.map((id) => groups?.find((each) => each.id === id)).filter((each) => each !== undefined);
    add("groups", search.logic === "not" ? "Not in" : search.logic === "all" ? "In all of" : "In", chosen.map((each) => each.name).join(search.logic === "all" ? " and " : " or ") || "a group", {
      mark: chosen[0] && <GroupMark {...chosen[0]} />,
      without: { search: { groups: undefined, logic: undefined } },
    });
  }
  if (search.none) add("none", "In", "no group");
  if (search.call) add("call", "Call", WORDS.call[search.call]);
  if (search.last) add("last", "Last spoken to", WORDS.last[search.last]);
  if (search.result) add("result", "Last call", WORDS.result[search.result]);
  if (search.priority) add("priority", "Priority", search.priority.map((each) => WORDS.priority[each]).join(" or "));
  if (search.source) add("source", "Source", search.source.map((each) => WORDS.source[each]).join(" or "));
  if (search.industry) add("industry", "Industry", search.industry.map((each) => forms?.find(({ form }) => form === each)?.label ?? humane(each)).join(" or "));
  if (search.own) add("own", "Whose", "Mine");
  if (search.inactive) add("inactive", "Only", "inactive");
  if (search.since) add("since", "Added since", dayAndTime(new Date(search.since), zone, now()));
  if (search.changed) add("changed", "Booked or changed since", dayAndTime(new Date(search.changed), zone, now()));
  if (text.type) chips.push({ key: "type", name: "Type", value: text.type, without: { search: {}, text: { type: undefined } } });
  if (text.owner) chips.push({ key: "owner", name: "With", value: text.owner, without: { search: {}, text: { owner: undefined } } });
  return chips;
}

export function Chips({ list, chips, facets }: { list: List; chips: Chip[]; facets: Schemas["ContactFacets"] | undefined }) {
  if (chips.length === 0) return null;
  return (
    <ul className={css.chips} aria-label="Filters">
      {chips.map((chip) => (
        <OneChip key={chip.key} list={list} chip={chip} facets={facets} />
      ))}
    </ul>
  );
}

/** A filter in words: opens where it is edited, and goes by its cross or by Backspace. */
function OneChip({ list, chip, facets }: { list: List; chip: Chip; facets: Schemas["ContactFacets"] | undefined }) {
  const trigger = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const editor = FACET_OF[chip.key];
  const remove = () => list.change(chip.without.search, { ...list.text, ...chip.without.text });
  const keys = (event: KeyboardEvent) => {
    if (event.key !== "Backspace" && event.key !== "Delete") return;
    event.preventDefault();
    remove();
  };
  const text = (
    <>
      {chip.name} {chip.mark}
      <b className="truncate">{chip.value}</b>
    </>
  );
  return (
    <li className={css.chip}>
      {editor ? (
        <button ref={trigger} type="button" className={css.text} aria-haspopup="dialog" aria-expanded={open} title="Change this filter; Backspace removes it" onClick={() => setOpen(true)} onKeyDown={keys}>
          {text}
        </button>
      ) : (
        <span className={css.text}>{text}</span>
      )}
      <button type="button" className={css.remove} aria-label={`Remove the filter ${chip.name} ${chip.value}`} onClick={remove} onKeyDown={keys}>
        <X size={15} aria-hidden />
      </button>
      {open && editor && (
        <Popover className={css.editor} placement="bottom start" triggerRef={trigger} isOpen onOpenChange={setOpen}>
          <AriaDialog aria-label={`Change the filter ${chip.name}`} className={css.dialog}>
            <Facets list={list} facets={facets} only={editor} />
          </AriaDialog>
        </Popover>
      )}
    </li>
  );
}
