import { Link, useNavigate } from "@tanstack/react-router";
import { Columns3, Download, Ellipsis, Grid2x2, List as ListIcon, ListFilter, Plus, Search, Table2, Trash2, Users, X } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLook } from "@/features/preferences/look";
import { useNouns } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { useShortcuts } from "@/features/shell/shortcuts";
import { now } from "@/api/clock";
import type { Schemas } from "@/api/client";
import { useDelayed } from "@/lib/useDelayed";
import { useNarrow } from "@/lib/useNarrow";
import { count, number } from "@/lib/words";
import { Button, IconButton, buttonClass } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { Menu } from "@/ui/Menu";
import { Empty } from "@/ui/Notes";
import { Segments } from "@/ui/Segments";
import { say } from "@/ui/say";
import { Cards } from "./Cards";
import { Chips, useChips, type Chip } from "./Chips";
import { ColumnsDialog } from "./ColumnsDialog";
import css from "./ContactsPage.module.css";
import { Dock } from "./Dock";
import { ExportDialog } from "./ExportDialog";
import { Facets } from "./Facets";
import { Grid } from "./Grid";
import { Pager } from "./Pager";
import { SavedTabs } from "./SavedTabs";
import { bodyOf, type View } from "./filters";
import { useTotal } from "./counts";
import { useRows } from "./queries";
import { viewOf } from "./saved";
import { useSelection, whom } from "./selection";
import { isStatus } from "./status";
import { useList, type List } from "./useList";

type Search = Schemas["ContactSearch"];

/** Everybody the business knows: found, sorted, chosen, changed together. */
export default function ContactsPage() {
  const list = useList();
  const nouns = useNouns();
  const may = useMay();
  const navigate = useNavigate();
  const narrow = useNarrow("64rem");
  const phone = useNarrow("48rem");
  const body = useMemo(() => bodyOf(list.search, list.text), [list.search, list.text]);
  const selecting = useSelection(body);
  const { pages, contacts: usual, growth } = useLook();
  const page = list.search.page ?? 1;
  const sheet = useMemo(() => (pages === "scroll" ? undefined : { page, size: Number(pages) }), [pages, page]);
  const { whole: total, rows, facets, first } = useRows(body, 0, 0, sheet);
  const read = useMemo(() => (first.data && !first.isPlaceholderData ? { by: body, ids: new Set([...rows.values()].map((each) => each.id)), whole: rows.size >= total } : undefined), [first.data, first.isPlaceholderData, body, rows, total]);
  const everybody = useTotal({}, true);
  useFound(list.filtered, read && body, total);
  const [since] = useState(() => new Date(now().getTime() - 86_400_000).toISOString());
  const chips = useChips(list);
  const [columns, setColumns] = useState(false);
  const [filters, setFilters] = useState(false);
  const [exporting, setExporting] = useState(false);
  const field = useRef<HTMLInputElement>(null);

  const view: View = list.search.view ?? viewOf(list.saved) ?? usual;
  const shown: View = phone && view === "table" ? "cards" : view;
  const setView = (next: View) => list.change({ view: next });
  const keys = useMemo(
    () => ({
      "/": () => field.current?.focus(),
      f: () => setFilters(true),
      "v t": () => setView("table"),
      "v c": () => setView("cards"),
      "v l": () => setView("list"),
    }),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- setView changes with the list
    [list.change],
  );
  useShortcuts(keys);

  const status = (each: string) => {
    if (isStatus(each)) list.change({ status: list.search.status?.includes(each) && list.search.status.length === 1 ? undefined : [each] });
  };
  const empty = list.filtered ? <NoResults list={list} chips={chips} /> : <Nobody />;
  const label = list.saved?.name ?? `All ${nouns.many}`;
  return (
    <div className={css.page}>
      <header className={css.header}>
        <div className={css.title}>
          <h1>{nouns.Many}</h1>
          <p className="muted">
            {everybody !== undefined && (
              <>
                <span className="num">{number(everybody)}</span> in total
              </>
            )}
            {growth === "shown" && facets && facets.recent_24h > 0 && !list.search.since && (
              <>
                ,{" "}
                <button type="button" className={css.link} onClick={() => list.change({ since })}>
                  {number(facets.recent_24h)} {list.filtered ? "of these " : ""}added in 24 hours
                </button>
              </>
            )}
          </p>
        </div>
        <div className={css.actions}>
          {may("create_contacts") && (
            <Link to="/contacts/new" className={buttonClass({ look: "primary" })}>
              <Plus size={16} aria-hidden /> Add {nouns.one}
            </Link>
          )}
          <Menu
            label={`More for ${nouns.many}`}
            trigger={<IconButton icon={Ellipsis} label={`More for ${nouns.many}`} look="outlined" />}
            actions={[
              may("export_contacts") && { id: "export", name: "Download this list", icon: Download, run: () => setExporting(true) },
              { id: "duplicates", name: "Duplicates", icon: Users, run: () => void navigate({ to: "/contacts/duplicates" }) },
              may("delete_contacts", "edit_all_contacts") && { id: "deleted", name: `Deleted ${nouns.many}`, icon: Trash2, run: () => void navigate({ to: "/contacts/deleted" }) },
            ]}
          />
        </div>
      </header>
      <div className={css.lists}>
        <SavedTabs list={list} />
        <Segments
          label="View"
          value={shown}
          onChange={setView}
          options={[
            ...(phone ? [] : [{ id: "table" as const, name: "Table", icon: Table2 }]),
            { id: "cards", name: "Cards", icon: Grid2x2 },
            { id: "list", name: "List", icon: ListIcon },
          ]}
        />
      </div>
      <div className={css.tools}>
        <SearchBox list={list} field={field} many={nouns.many} />
        {narrow && (
          <Button look="quiet" icon={ListFilter} onPress={() => setFilters(true)}>
            Filter
          </Button>
        )}
        <Chips list={list} chips={chips} facets={facets} />
        {list.clearable && (
          <button type="button" className={css.link} onClick={list.clear}>
            Clear all
          </button>
        )}
        {/* Beside the filters, so that the list does not move when it is known. */}
        <p className={css.found}>
          {first.data && !first.isPlaceholderData && list.filtered && total > 0 && `${count(total, nouns.one, nouns.many)} ${total === 1 ? "matches" : "match"}`}
        </p>
        {shown === "table" && (
          <span className={css.columns}>
            <Button icon={Columns3} onPress={() => setColumns(true)}>
              Columns
            </Button>
          </span>
        )}
      </div>
      <div className={css.body}>
        {!narrow && shown !== "cards" && (
          <aside className={css.facets} aria-label="Filters">
            <Facets list={list} facets={facets} />
          </aside>
        )}
        <div className={css.list}>
          {shown === "table" ? (
            <Grid search={body} selecting={selecting} sort={body.sort as string[]} onSort={(sort) => list.change({ sort })} onStatus={status} label={label} empty={empty} sheet={sheet} saved={list.saved} />
          ) : (
            <Cards search={body} selecting={selecting} kind={shown} onStatus={status} label={label} empty={empty} sheet={sheet} />
          )}
          {sheet && total > 0 && <Pager sheet={sheet} total={total} onPage={(next) => list.change({ page: next > 1 ? next : undefined })} />}
          <Dock selecting={selecting} total={total} search={body} read={read} />
        </div>
      </div>
      {exporting && first.data && <ExportDialog whom={{ filter: body }} total={total} onClose={() => setExporting(false)} />}
      {columns && <ColumnsDialog one={nouns.One} saved={list.saved} onClose={() => setColumns(false)} />}
      {filters && (
        <Dialog
          title="Filters"
          kind="sheet"
          open
          onClose={() => setFilters(false)}
          footer={
            <Button look="primary" wide onPress={() => setFilters(false)}>
              {`Show ${number(total)}`}
            </Button>
          }
        >
          <Facets list={list} facets={facets} />
        </Dialog>
      )}
    </div>
  );
}

/** Reads out how many a search or a filter finds once it is there; not what becomes of the list by itself. */
function useFound(filtered: boolean, by: Search | undefined, total: number): void {
  const nouns = useNouns();
  const before = useRef<string | null>(null);
  const asked = by && whom(by);
  useEffect(() => {
    if (asked === undefined || before.current === asked) return;
    // The list that the page begins with is read as the page is.
    if (before.current !== null) say(total === 0 ? "Nobody is found." : `${count(total, nouns.one, nouns.many)} ${!filtered ? "in total" : total === 1 ? "matches" : "match"}.`, "found");
    before.current = asked;
  }, [asked, filtered, nouns, total]);
}

function SearchBox({ list, field, many }: { list: List; field: React.RefObject<HTMLInputElement | null>; many: string }) {
  const [typed, setTyped] = useState(list.text.search ?? "");
  const [seen, setSeen] = useState(list.text.search ?? "");
  const settled = useDelayed(typed, 300);
  const outside = list.text.search ?? "";
  // A cleared list, or another one, brings its own words.
  if (outside !== seen) {
    setSeen(outside);
    setTyped(outside);
  }
  const { change, text } = list;
  useEffect(() => {
    const next = settled.trim().length >= 2 ? settled : "";
    if (next === (text.search ?? "") || settled !== typed) return;
    const { search: _before, ...others } = text;
    setSeen(next);
    change({}, { ...others, ...(next && { search: next }) }, true);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only what was typed begins a search
  }, [settled]);
  return (
    <div className={css.search}>
      <TextField
        bare
        label={`Search ${many}`}
        type="search"
        placeholder="Name, phone, email, notes"
        value={typed}
        onChange={setTyped}
        inputRef={field}
        autoComplete="off"
        leading={<Search size={16} aria-hidden />}
        trailing={typed ? <IconButton icon={X} label="Clear the search" onPress={() => setTyped("")} /> : undefined}
      />
      <p className={css.help}>{'"exact words", joh*, -without, phone:, email:, group:, notes:'}</p>
    </div>
  );
}

function Nobody() {
  const nouns = useNouns();
  const may = useMay();
  return (
    <Empty
      title={`Add your first ${nouns.one}`}
      action={
        may("create_contacts") && (
          <Link to="/contacts/new" className={buttonClass({ look: "primary" })}>
            <Plus size={16} aria-hidden /> Add {nouns.one}
          </Link>
        )
      }
    >
      Vio plans the reminder as soon as there is an appointment.
    </Empty>
  );
}

/** Says which filter stands in the way, and takes it off in one click. */
function NoResults({ list, chips }: { list: List; chips: Chip[] }) {
  const nouns = useNouns();
  const words = list.text.search;
  const all: Chip[] = words ? [{ key: "search", name: "Search", value: `“${words}”`, without: { search: {}, text: { search: undefined } } }, ...chips] : chips;
  return (
    <Empty
      title={all.length === 1 ? (words ? "Nobody matches this search" : "Nobody matches this filter") : `Nobody matches these ${number(all.length)} filters`}
      action={
        <>
          <ul className={css.without}>
            {all.slice(0, 5).map((chip) => (
              <Without key={chip.key} list={list} chip={chip} />
            ))}
          </ul>
          {list.clearable ? <Button onPress={list.clear}>Clear all</Button> : <Button onPress={() => list.open(undefined)}>{`Show all ${nouns.many}`}</Button>}
        </>
      }
    />
  );
}

function Without({ list, chip }: { list: List; chip: Chip }) {
  const text = { ...list.text, ...chip.without.text };
  const found = useTotal(bodyOf({ ...list.search, ...chip.without.search }, text));
  if (!found) return null;
  return (
    <li>
      Without{" "}
      <button type="button" className={css.link} onClick={() => list.change(chip.without.search, text)}>
        {chip.name}: {chip.value}
      </button>{" "}
      there {found === 1 ? "is" : "are"} {number(found)}.
    </li>
  );
}
