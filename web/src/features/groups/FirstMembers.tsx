import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { Search, UserRoundPlus, X } from "lucide-react";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { Name } from "@/features/preferences/hidden";
import { useNouns } from "@/features/session/business";
import { everybody } from "@/features/contacts/everybody";
import { STATUS, STATUSES, type AppointmentStatus } from "@/features/contacts/status";
import { useDelayed } from "@/lib/useDelayed";
import { count, number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Checkbox, SelectField, TextField } from "@/ui/Field";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import { Rereading } from "@/ui/Rereading";
import { useSay } from "@/ui/say";
import css from "./FirstMembers.module.css";

/** As many as a group may begin with (rules.md Bulk work). */
const MOST = 10_000;
const SHOWN = 10;

interface Props {
  chosen: ReadonlyMap<string, string>;
  onChange: (chosen: ReadonlyMap<string, string>) => void;
}

type Query = Schemas["ContactSearch"];

/** Who is in a new group from the start: found by name or by filter, one by one or all that were found. */
export function FirstMembers({ chosen, onChange }: Props) {
  const nouns = useNouns();
  const [typed, setTyped] = useState("");
  const [status, setStatus] = useState<AppointmentStatus | "any">("any");
  const search = useDelayed(typed.trim(), 300);
  const asks = search.length >= 2 || status !== "any";
  const query: Query = { ...(search.length >= 2 && { search }), ...(status !== "any" && { status: [status] }), sort: ["name"] };
  const list = useQuery({ queryKey: ["contacts", "search", "first-members", search, status], queryFn: () => body(api.POST("/api/contacts/search", { body: { ...query, page_size: SHOWN } })), enabled: asks, placeholderData: keepPreviousData });
  const found = asks ? list.data : undefined;
  const total = found?.pagination.total_contacts ?? 0;
  const all = useMutation({
    mutationFn: () => everybody(query, MOST),
    onSuccess: (people) => onChange(new Map([...chosen, ...people].slice(0, MOST))),
  });
  const toggle = (id: string, name: string, on: boolean) => {
    const next = new Map(chosen);
    if (on) next.set(id, name);
    else next.delete(id);
    onChange(next);
  };
  const told = chosen.size > 0 ? `${number(chosen.size)} chosen` : "";
  useSay("chosen", told);
  return (
    <section className={css.part} aria-label={`${nouns.Many} from the start`}>
      <div className={css.head}>
        <p className={css.label}>
          {nouns.Many} from the start <span className="muted">optional</span>
        </p>
        <p className="muted">{told}</p>
      </div>
      <div className={css.search}>
        <TextField bare label={`Find ${nouns.many}`} type="search" placeholder="Name, phone or email" value={typed} onChange={setTyped} leading={<Search size={16} aria-hidden />} autoComplete="off" />
        <SelectField bare label="Status" value={status} options={[{ id: "any", name: "Any status" }, ...STATUSES.map((id) => ({ id, name: STATUS[id].word }))]} onChange={(next) => setStatus(STATUSES.find((each) => each === next) ?? "any")} />
      </div>
      {list.isError && <ErrorNote error={list.error} what="Could not search." retry={() => void list.refetch()} />}
      {all.isError && <ErrorNote error={all.error} what="Not all could be chosen." />}
      {asks && list.isLoading && <Skeleton rows={2} label="Searching" />}
      {found && (
        <div className={css.found}>
          <Rereading shown={list.isPlaceholderData} />
          <ul className={css.list}>
            {found.contacts.map((each) => (
              <li key={each.id}>
                <Checkbox isSelected={chosen.has(each.id)} onChange={(on) => toggle(each.id, each.name, on)}>
                  <Name>{each.name}</Name>
                </Checkbox>
              </li>
            ))}
          </ul>
          <p className={css.foot}>
            <span className="muted">{total === 0 ? `No ${nouns.one} is found.` : total > SHOWN ? `The first ${String(SHOWN)} of ${number(total)}.` : `${count(total, nouns.one, nouns.many)} found.`}</span>
            {total > 1 && (
              <Button small icon={UserRoundPlus} isPending={all.isPending} isDisabled={total > MOST} onPress={() => all.mutate()}>
                {`Choose all ${number(total)}`}
              </Button>
            )}
          </p>
          {total > MOST && <p className="muted">A group begins with {number(MOST)} at most. Narrow the search.</p>}
        </div>
      )}
      {chosen.size > 0 && (
        <p className={css.foot}>
          <span className="muted">
            {[...chosen].slice(0, 5).map(([id, name], place) => (
              <span key={id}>
                {place > 0 && ", "}
                <Name>{name}</Name>
              </span>
            ))}
            {chosen.size > 5 && ` and ${number(chosen.size - 5)} more`}
          </span>
          <Button small look="quiet" icon={X} onPress={() => onChange(new Map())}>
            Choose nobody
          </Button>
        </p>
      )}
    </section>
  );
}
