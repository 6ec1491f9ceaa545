import { ChevronDown } from "lucide-react";
import { lazy, Suspense, useMemo, useState, type ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { useGroups } from "@/features/groups/queries";
import { useNouns } from "@/features/session/business";
import { useMe } from "@/features/session/use";
import { humane, number } from "@/lib/words";
import { GroupMark } from "@/ui/Badge";
import { Checkbox } from "@/ui/Field";
import { cx } from "@/ui/cx";
import css from "./Facets.module.css";
import { useCounts, useTotal, type Choice } from "./counts";
import { chosenIn, telling, type FacetKey } from "./telling";
import { WORDS, bodyOf, type ListSearch } from "./filters";
import { useFew, useForms } from "./queries";
import { STATUS, STATUSES } from "./status";
import type { List } from "./useList";

/** What is counted for a facet besides what comes with every list. */
const COUNTED: Partial<Record<FacetKey, Choice[]>> = { status: ["attention"], when: ["appointment"], call: ["call"], last: ["last_contact"], result: ["call_result"], more: ["priority", "own", "is_active"] };
/** Open from the start; the rest is unfolded, and counted, by whoever wants it. */
const UNFOLDED: FacetKey[] = ["status", "groups", "when"];
const CHOICES = { when: "appointment", call: "call", last: "last_contact", result: "call_result" } as const;

const Between = lazy(() => import("./Between"));

/** The filters beside a list, with what each would find under all the others; or one of them. */
export function Facets({ list, facets, only }: { list: List; facets: Schemas["ContactFacets"] | undefined; only?: FacetKey }) {
  const { search, text, change } = list;
  const nouns = useNouns();
  const few = useFew(useTotal({}));
  const apart = useMemo(() => few && telling(few), [few]);
  const chosen = chosenIn(search);
  const shows = (key: FacetKey) => (only ? only === key : !apart || apart.has(key) || chosen.has(key));
  const me = useMe();
  const [between, setBetween] = useState(Boolean(search.from ?? search.to));
  const groups = useGroups().data?.groups ?? [];
  const body = bodyOf(search, text);
  const [open, setOpen] = useState(only ? [only] : UNFOLDED);
  const counted = useCounts(
    body,
    open.flatMap((key) => COUNTED[key] ?? []),
  );
  const facet = (key: FacetKey) => ({ open: open.includes(key), onOpen: () => setOpen((now) => (now.includes(key) ? now.filter((each) => each !== key) : [...now, key])) });
  const toggled = <T,>(values: T[] | undefined, value: T): T[] => (values?.includes(value) ? values.filter((each) => each !== value) : [...(values ?? []), value]);
  const counts = new Map(facets?.groups.map((each) => [each.id, each.count]));
  const one = (key: "when" | "call" | "last" | "result", words: Record<string, string>) =>
    Object.entries(words).map(([value, name]) => (
      <Box key={value} name={name} count={counted?.of(CHOICES[key], value)} chosen={search[key] === value} onChange={(next) => change({ [key]: next ? value : undefined, ...(key === "when" && { from: undefined, to: undefined }) })} />
    ));

  if (apart?.size === 0 && chosen.size === 0 && !only) return <p className="faint">{`Filters come as soon as two ${nouns.many} differ.`}</p>;
  return (
    <div className={css.facets}>
      {shows("status") && (
      <Facet name="Status" {...facet("status")}>
        {STATUSES.map((each) => {
          const { word, icon: Icon } = STATUS[each];
          return (
            <Box
              key={each}
              name={word}
              icon={
                <span className={css[each]}>
                  <Icon size={15} aria-hidden />
                </span>
              }
              count={facets?.status[each]}
              chosen={search.status?.includes(each) ?? false}
              onChange={() => change({ status: toggled(search.status, each) })}
            />
          );
        })}
        <Box name="Needs attention" count={counted?.of("attention", "true")} chosen={search.attention ?? false} onChange={(next) => change({ attention: next || undefined })} />
      </Facet>
      )}
      {shows("groups") && groups.length > 0 && (
        <Facet name="Groups" {...facet("groups")}>
          {groups.slice(0, 12).map((each) => (
            <Box
              key={each.id}
              name={each.name}
              icon={<GroupMark {...each} />}
              count={counts.get(each.id)}
              chosen={search.groups?.includes(each.id) ?? false}
              onChange={() => {
                const next = toggled(search.groups, each.id);
                change({ groups: next, none: undefined, ...(next.length === 0 && { logic: undefined }) });
              }}
            />
          ))}
          <Box name="In no group" count={facets?.ungrouped} chosen={search.none ?? false} onChange={(next) => change({ none: next || undefined, groups: undefined, logic: undefined })} />
          {search.groups && search.groups.length > 0 && (
            <div className={css.logic} role="group" aria-label="How groups combine">
              {(
                [
                  [undefined, "any of"],
                  ["all", "all of"],
                  ["not", "not in"],
                ] as const
              ).map(([logic, name]) => (
                <button key={name} type="button" aria-pressed={search.logic === logic} className={cx(css.way, search.logic === logic && css.chosen)} onClick={() => change({ logic })}>
                  {name}
                </button>
              ))}
            </div>
          )}
        </Facet>
      )}
      {shows("when") && (
        <Facet name="Appointment" {...facet("when")}>
          {one("when", WORDS.when)}
          <button type="button" className={cx(css.way, css.days, (search.from ?? search.to) !== undefined && css.chosen)} aria-expanded={between} onClick={() => setBetween(!between)}>
            Between two days
          </button>
          {between && (
            <Suspense fallback={null}>
              <Between from={search.from} to={search.to} onChange={(days) => change({ ...days, when: undefined })} />
            </Suspense>
          )}
        </Facet>
      )}
      {shows("call") && (
        <Facet name="Reminder call" {...facet("call")}>
          {one("call", WORDS.call)}
        </Facet>
      )}
      {shows("last") && (
        <Facet name="Last spoken to" {...facet("last")}>
          {one("last", WORDS.last)}
        </Facet>
      )}
      {shows("result") && (
        <Facet name="Last call" {...facet("result")}>
          {one("result", WORDS.result)}
        </Facet>
      )}
      {shows("industry") && (
        <Facet name="Industry" {...facet("industry")}>
          <Industries chosen={search.industry ?? []} onChange={(industry) => change({ industry })} />
        </Facet>
      )}
      {shows("more") && (
      <Facet name="More" {...facet("more")}>
        {Object.entries(WORDS.priority)
          .filter(([value]) => value !== "normal")
          .map(([value, name]) => (
            <Box key={value} name={`${name} priority`} count={counted?.of("priority", value)} chosen={search.priority?.some((each) => each === value) ?? false} onChange={() => change({ priority: toggled<string>(search.priority, value) as NonNullable<ListSearch["priority"]> })} />
          ))}
        <Box name={`Mine (${me.full_name.split(" ")[0] ?? ""})`} count={counted?.of("own", "true")} chosen={search.own ?? false} onChange={(next) => change({ own: next || undefined })} />
        <Box name="Inactive" count={counted?.of("is_active", "false")} chosen={search.inactive ?? false} onChange={(next) => change({ inactive: next || undefined })} />
      </Facet>
      )}
    </div>
  );
}

/** The industries that there are forms for, and any other that was chosen. */
function Industries({ chosen, onChange }: { chosen: string[]; onChange: (industries: string[]) => void }) {
  const forms = useForms();
  const known = forms?.map(({ form, label }) => ({ id: form, name: label })) ?? [];
  const others = chosen.filter((each) => !known.some(({ id }) => id === each)).map((each) => ({ id: each, name: humane(each) }));
  return [...known, ...others].map(({ id, name }) => <Box key={id} name={name} chosen={chosen.includes(id)} onChange={(next) => onChange(next ? [...chosen, id] : chosen.filter((each) => each !== id))} />);
}

function Facet({ name, children, open, onOpen }: { name: string; children: ReactNode; open: boolean; onOpen: () => void }) {
  return (
    <section className={css.facet}>
      <h2 className={css.title}>
        <button type="button" className={css.toggle} aria-expanded={open} onClick={onOpen}>
          {name}
          <ChevronDown size={15} aria-hidden className={open ? css.up : undefined} />
        </button>
      </h2>
      {open && <div className={css.boxes}>{children}</div>}
    </section>
  );
}

interface BoxProps {
  name: string;
  icon?: ReactNode;
  count?: number | undefined;
  chosen: boolean;
  onChange: (chosen: boolean) => void;
}

function Box({ name, icon, count, chosen, onChange }: BoxProps) {
  return (
    <div className={css.box}>
      <Checkbox isSelected={chosen} onChange={onChange}>
        <span className={css.name}>
          {icon}
          <span className={css.word}>{name}</span>
        </span>
      </Checkbox>
      {count !== undefined && <span className={cx(css.count, "num")}>{number(count)}</span>}
    </div>
  );
}
