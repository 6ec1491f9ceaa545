import { useVirtualizer, defaultRangeExtractor } from "@tanstack/react-virtual";
import { useNavigate } from "@tanstack/react-router";
import { ArrowDown, ArrowUp, Ellipsis, Phone } from "lucide-react";
import { memo, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";
import type { Schemas } from "@/api/client";
import { lettersOn, useLook } from "@/features/preferences/look";
import { DetailsOf } from "@/features/preferences/hidden";
import { useNouns } from "@/features/session/business";
import { useMay, useMe } from "@/features/session/use";
import { remPixels } from "@/lib/useWidth";
import { Checkbox } from "@/ui/Field";
import { LightCheckbox, LightIconButton, LightMenu } from "@/ui/Light";
import { Skeleton } from "@/ui/Notes";
import { Rereading } from "@/ui/Rereading";
import { cx } from "@/ui/cx";
import { placeIn, standAt } from "./back";
import { columnsOf, useColumnChoice, type Choice, type Column } from "./columns";
import { nextSort } from "./filters";
import css from "./Grid.module.css";
import { NoList } from "./NoList";
import type { ContactFound } from "./one";
import { useRows, type Sheet } from "./queries";
import type { SavedList } from "./saved";
import { choose, type Selecting } from "./selection";

export interface GridProps {
  search: Schemas["ContactSearch"];
  selecting: Selecting;
  sort: string[];
  onSort: (sort: string[]) => void;
  onStatus: (status: string) => void;
  label: string;
  empty: React.ReactNode;
  sheet?: Sheet | undefined;
  /** The saved list that it is: it may have columns of its own. */
  saved?: SavedList | undefined;
}

/** Widths are counted in pixels of text of the usual size, and grow with it. */
const rem = (pixels: number): string => `${String(pixels / 16)}rem`;

const OVERSCAN = 8;

const ROWS_REM = { compact: 2.25, comfortable: 3, spacious: 3.75 };

export function useRowHeight(): number {
  const { density } = useLook();
  const coarse = typeof matchMedia !== "undefined" && matchMedia("(pointer: coarse)").matches;
  // Of the text as it is shown: the browser's own size counts as well as the console's.
  const rem = remPixels();
  return Math.round(Math.max(ROWS_REM[density], coarse ? 2.75 : 0) * rem);
}

/** The table of a list: as long as the list, read as far as it is looked at, one tab stop, keys inside. */
export function Grid({ search, selecting, sort, onSort, onStatus, label, empty, sheet, saved }: GridProps) {
  const nouns = useNouns();
  const me = useMe();
  const navigate = useNavigate();
  const may = useMay();
  const mayCall = may("trigger_manual_calls");
  const all = useMemo(() => columnsOf(nouns.One), [nouns.One]);
  const [choice, setChoice] = useColumnChoice(me.id, saved);
  const columns = useMemo(() => choice.shown.map((id) => all.find((each) => each.id === id)).filter((each): each is Column => each !== undefined), [choice, all]);
  const box = useRef<HTMLDivElement>(null);
  const rowHeight = useRowHeight();
  const list = useMemo(() => JSON.stringify([search, sheet]), [search, sheet]);
  const [begun] = useState(() => placeIn(list));
  const [active, setActive] = useState(begun);
  /** Which row the focus goes to once it is drawn; an effect of a drawing before it leaves it alone. */
  const wanted = useRef<number | null>(null);

  const [range, setRange] = useState({ from: 0, to: 30 });
  const { first, total, whole, rows } = useRows(search, range.from, range.to, sheet);
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    // With some of the rows above it.
    initialOffset: Math.max(0, begun - 3) * rowHeight,
    rangeExtractor: (seen) => {
      const places = defaultRangeExtractor(seen);
      // The row with the focus stays, wherever the list is scrolled to.
      return active < total && !places.includes(active) ? [active, ...places].sort((a, b) => a - b) : places;
    },
    onChange: (instance) => {
      const seen = instance.range;
      if (!seen) return;
      // With the rows that are drawn beyond both edges.
      const next = { from: Math.max(0, seen.startIndex - OVERSCAN), to: seen.endIndex + OVERSCAN };
      setRange((before) => (before.from === next.from && before.to === next.to ? before : next));
    },
  });
  useEffect(() => virtual.measure(), [rowHeight, virtual]);
  const before = useRef(list);
  useEffect(() => {
    if (before.current === list) return;
    before.current = list;
    box.current?.scrollTo({ top: 0 });
    setActive(0);
  }, [list]);
  const who = rows.get(active)?.id;
  useEffect(() => standAt(list, active, who), [list, active, who]);

  const widthOf = (column: Column) => choice.widths[column.id] ?? column.width;
  const template = `2.75rem ${columns.map((each) => `minmax(${rem(Math.min(widthOf(each), each.least ?? 120))}, ${String(widthOf(each))}fr)`).join(" ")} 5.25rem`;
  const width = rem(44 + 84 + columns.reduce((sum, each) => sum + widthOf(each), 0) * 0.86);

  const focusRow = useCallback(
    (place: number) => {
      const next = Math.max(0, Math.min(total - 1, place));
      wanted.current = next;
      setActive(next);
      virtual.scrollToIndex(next);
    },
    [total, virtual],
  );
  useEffect(() => {
    if (wanted.current !== active) return;
    const row = box.current?.querySelector<HTMLElement>(`[data-place="${String(active)}"]`);
    if (row) {
      wanted.current = null;
      row.focus({ preventScroll: true });
    }
  });

  const open = useCallback((contact: ContactFound) => void navigate({ to: "/contacts/$contactId", params: { contactId: contact.id } }), [navigate]);
  const chooseAt = useCallback((place: number, span: boolean) => choose(selecting, rows, place, span), [rows, selecting]);

  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    const onRow = event.target instanceof HTMLElement && event.target.dataset.place !== undefined;
    const contact = rows.get(active);
    const step: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, PageDown: 10, PageUp: -10 };
    if (event.key === "Escape" && !onRow && box.current?.contains(event.target as Node)) {
      focusRow(active);
      return;
    }
    if (!onRow) return;
    const by = step[event.key];
    if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const loaded = [...rows.values()];
      if (loaded.every((each) => selecting.has(each.id)) && selecting.size < total) selecting.all(search, total);
      else selecting.set(loaded, true);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // The second letter of a pair, as in V C, never comes this far. Letters can be switched off; the space bar is none.
    const letter = event.key.length === 1 && event.key !== " ";
    if (letter && !lettersOn()) return;
    if (by !== undefined) {
      event.preventDefault();
      if (event.shiftKey && event.key.startsWith("Arrow")) {
        if (selecting.anchor === null) chooseAt(active, false);
        chooseAt(Math.max(0, Math.min(total - 1, active + by)), true);
      }
      focusRow(active + by);
    } else if (event.key === "Home") focusRow(0);
    else if (event.key === "End") focusRow(total - 1);
    else if (event.key === "Enter" && contact) open(contact);
    else if (event.key === "ArrowRight") (event.target as HTMLElement).querySelector<HTMLElement>("button")?.focus();
    else if ((event.key === "x" || event.key === "X" || event.key === " ") && contact) {
      event.preventDefault();
      chooseAt(active, event.shiftKey);
    } else if (letter && event.repeat) return;
    else if (event.key === "r" && contact?.phone) location.assign(`tel:${contact.phone}`);
    else if (event.key === "c" && contact && mayCall) void navigate({ to: "/contacts/$contactId", params: { contactId: contact.id }, search: { do: "call" } });
    else return;
    event.stopPropagation();
  };

  const loaded = [...rows.values()];
  const chosen = loaded.filter((each) => selecting.has(each.id)).length;
  const items = virtual.getVirtualItems();
  return (
    <div className={css.frame} aria-busy={first.isFetching}>
      <Rereading shown={first.isPlaceholderData} />
      {/* The grid takes the keys of its rows; each row is a stop of its own while it is the active one. */}
      {/* eslint-disable-next-line jsx-a11y/interactive-supports-focus */}
      <div ref={box} className={cx(css.box, total === 0 && css.bare)} role="grid" aria-label={label} aria-rowcount={whole + 1} aria-colcount={columns.length + 2} aria-multiselectable onKeyDown={keys}>
        <div role="row" aria-rowindex={1} className={css.head} style={{ gridTemplateColumns: template, minWidth: width }}>
          <div role="columnheader" className={css.tick}>
            <Checkbox
              aria-label="Select all loaded"
              isSelected={loaded.length > 0 && chosen === loaded.length}
              isIndeterminate={chosen > 0 && chosen < loaded.length}
              onChange={(next) => (next ? selecting.set(loaded, true) : selecting.clear())}
            />
          </div>
          {columns.map((column) => (
            <Heading key={column.id} column={column} sort={sort} onSort={onSort} choice={choice} onChoice={setChoice} />
          ))}
          <div role="columnheader">
            <span className="hidden-visually">Actions</span>
          </div>
        </div>
        <div role="rowgroup" className={css.body} style={{ height: virtual.getTotalSize(), minWidth: width }}>
          {items.map((item) => {
            const contact = rows.get(item.index);
            return (
              <GridRow
                key={item.index}
                place={item.index}
                before={sheet ? (sheet.page - 1) * sheet.size : 0}
                top={item.start}
                height={rowHeight}
                template={template}
                columns={columns}
                contact={contact}
                chosen={contact !== undefined && selecting.has(contact.id)}
                active={item.index === active}
                mayCall={mayCall}
                onActive={setActive}
                onChoose={chooseAt}
                onOpen={open}
                onStatus={onStatus}
              />
            );
          })}
        </div>
      </div>
      {total === 0 && (
        <div className={css.instead}>
          {first.isPending && <Skeleton rows={10} label={`Loading ${nouns.many}`} />}
          {first.isError && <NoList error={first.error} retry={() => void first.refetch()} />}
          {first.data && empty}
        </div>
      )}
    </div>
  );
}

interface RowProps {
  place: number;
  /** How many rows of the list are on earlier pages. */
  before: number;
  top: number;
  height: number;
  template: string;
  columns: Column[];
  contact: ContactFound | undefined;
  chosen: boolean;
  active: boolean;
  mayCall: boolean;
  onActive: (place: number) => void;
  onChoose: (place: number, span: boolean) => void;
  onOpen: (contact: ContactFound) => void;
  onStatus: (status: string) => void;
}

const GridRow = memo(function GridRow({ place, before, top, height, template, columns, contact, chosen, active, mayCall, onActive, onChoose, onOpen, onStatus }: RowProps) {
  const navigate = useNavigate();
  const click = (event: MouseEvent) => {
    if (!contact || (event.target instanceof Element && event.target.closest("button, a, label, input"))) return;
    if (event.shiftKey || event.ctrlKey || event.metaKey) onChoose(place, event.shiftKey);
    else onOpen(contact);
  };
  return (
    // The keys of a row are those of the grid, which hears them as they rise.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      role="row"
      tabIndex={active ? 0 : -1}
      data-place={place}
      data-contact={contact?.id}
      aria-rowindex={before + place + 2}
      aria-selected={chosen}
      className={cx(css.row, chosen && css.chosen)}
      style={{ gridTemplateColumns: template, height, translate: `0 ${String(top)}px` }}
      onFocus={() => onActive(place)}
      onClick={click}
    >
      {contact ? (
        <DetailsOf value={contact.id}>
          <div role="gridcell" className={css.tick}>
            <LightCheckbox label={`Select ${contact.name}`} inTabOrder={false} chosen={chosen} onChange={(_, span) => onChoose(place, span)} />
          </div>
          {columns.map((column) => (
            <div key={column.id} role="gridcell" className={css.cell}>
              {column.id === "status" ? (
                <button type="button" tabIndex={-1} className={css.status} title="Show only these" onClick={() => onStatus(contact.appointment_status)}>
                  {column.cell(contact)}
                </button>
              ) : (
                column.cell(contact)
              )}
            </div>
          ))}
          <div role="gridcell" className={css.actions}>
            {mayCall && contact.phone && (
              <span className={css.onHover}>
                <LightIconButton icon={Phone} label={`Call ${contact.name} now`} onPress={() => void navigate({ to: "/contacts/$contactId", params: { contactId: contact.id }, search: { do: "call" } })} />
              </span>
            )}
            <LightMenu
              icon={Ellipsis}
              label={`More for ${contact.name}`}
              actions={() => [
                { id: "open", name: "Open", run: () => onOpen(contact) },
                mayCall && contact.phone !== null && { id: "call", name: "Call now", run: () => void navigate({ to: "/contacts/$contactId", params: { contactId: contact.id }, search: { do: "call" } }) },
                { id: "edit", name: "Edit", run: () => void navigate({ to: "/contacts/$contactId", params: { contactId: contact.id }, search: { do: "edit" } }) },
                { id: "groups", name: "Groups", run: () => void navigate({ to: "/contacts/$contactId", params: { contactId: contact.id }, search: { do: "groups" } }) },
              ]}
            />
          </div>
        </DetailsOf>
      ) : (
        <div role="gridcell" className={css.coming} aria-label="Loading" />
      )}
    </div>
  );
});

interface HeadingProps {
  column: Column;
  sort: string[];
  onSort: (sort: string[]) => void;
  choice: Choice;
  onChoice: (choice: Choice) => void;
}

function Heading({ column, sort, onSort, choice, onChoice }: HeadingProps) {
  const place = column.sort ? sort.findIndex((each) => each.replace(/^-/, "") === column.sort) : -1;
  const down = place >= 0 && sort[place]?.startsWith("-");
  const width = choice.widths[column.id] ?? column.width;
  const drag = (event: React.PointerEvent<HTMLSpanElement>) => {
    event.preventDefault();
    const from = event.clientX;
    const handle = event.currentTarget;
    handle.setPointerCapture(event.pointerId);
    const move = (next: PointerEvent) => onChoice({ ...choice, widths: { ...choice.widths, [column.id]: Math.max(72, Math.min(520, Math.round(width + next.clientX - from))) } });
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", () => handle.removeEventListener("pointermove", move), { once: true });
  };
  const Arrow = down ? ArrowDown : ArrowUp;
  return (
    <div role="columnheader" className={css.heading} aria-sort={place < 0 ? undefined : down ? "descending" : "ascending"}>
      {column.sort ? (
        <button type="button" className={cx(css.sort, place >= 0 && css.sorted)} title="Click to sort, Shift-click to sort by this as well" onClick={(event) => onSort(nextSort(sort, column.sort ?? "", event.shiftKey))}>
          {column.name}
          {place >= 0 && <Arrow size={14} aria-hidden />}
          {place >= 0 && sort.length > 1 && <span className={css.order}>{place + 1}</span>}
        </button>
      ) : (
        <span className={css.plain}>{column.name}</span>
      )}
      {/* Widths can be set in the Columns dialog as well. */}
      <span className={css.resize} onPointerDown={drag} aria-hidden />
    </div>
  );
}
