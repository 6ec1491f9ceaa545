import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, Plus, Save, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, body } from "@/api/client";
import { Refusal } from "@/api/problem";
import { useNouns } from "@/features/session/business";
import { number } from "@/lib/words";
import { Button, IconButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { Menu } from "@/ui/Menu";
import { cx } from "@/ui/cx";
import { toast } from "@/ui/toast";
import { bodyOf } from "./filters";
import { VIEW_NAMES, useSavedCount, type SavedList } from "./saved";
import css from "./SavedTabs.module.css";
import type { List } from "./useList";

/** Everybody, and the lists this user keeps. */
export function SavedTabs({ list }: { list: List }) {
  const nouns = useNouns();
  const client = useQueryClient();
  const [naming, setNaming] = useState<"new" | "rename" | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ["saved-filters"] });
  const path = list.saved && { path: { saved_filter_id: list.saved.id } };
  const save = useMutation({
    mutationFn: async () => path && body(api.PATCH("/api/saved-filters/{saved_filter_id}", { params: path, body: { filters: bodyOf(list.search, list.text), ...(list.search.view && { view: VIEW_NAMES[list.search.view] }) } })),
    onSuccess: async () => {
      await again();
      list.open(list.saved?.id);
      toast("List saved.");
    },
  });
  const remove = useMutation({
    mutationFn: async () => path && api.DELETE("/api/saved-filters/{saved_filter_id}", { params: path }),
    onSuccess: async () => {
      list.open(undefined);
      await again();
      toast("List removed. Nobody in it was changed.");
    },
  });
  return (
    <div className={css.bar}>
      <nav aria-label="Lists" className={css.tabs}>
        <button type="button" className={cx(css.tab, !list.search.list && css.current)} aria-current={list.search.list ? undefined : "true"} onClick={() => list.open(undefined)}>
          All {nouns.many}
        </button>
        {list.lists.map((each) => (
          <button key={each.id} type="button" className={cx(css.tab, each.id === list.search.list && css.current)} aria-current={each.id === list.search.list ? "true" : undefined} onClick={() => list.open(each.id)}>
            {each.name} <Count list={each} />
          </button>
        ))}
        {list.filtered && <IconButton icon={Plus} label="Save these filters as a list" onPress={() => setNaming("new")} />}
      </nav>
      {list.changed && (
        <span className={css.changed}>
          <Button small icon={Save} isPending={save.isPending} onPress={() => save.mutate()}>
            Save
          </Button>
          <Button small look="quiet" onPress={list.clear}>
            Reset
          </Button>
        </span>
      )}
      {list.saved && (
        <Menu
          label="This list"
          trigger={<IconButton icon={Ellipsis} label={`More for the list ${list.saved.name}`} />}
          actions={[
            { id: "rename", name: "Rename", run: () => setNaming("rename") },
            { id: "remove", name: "Remove this list", icon: Trash2, danger: true, run: () => remove.mutate() },
          ]}
        />
      )}
      {naming && <NameDialog list={list} rename={naming === "rename"} onClose={() => setNaming(null)} />}
    </div>
  );
}

function Count({ list }: { list: SavedList }) {
  const count = useSavedCount(list);
  return count !== undefined && <span className={cx(css.count, "num")}>{number(count)}</span>;
}

function NameDialog({ list, rename, onClose }: { list: List; rename: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(rename ? (list.saved?.name ?? "") : "");
  const save = useMutation({
    mutationFn: () =>
      rename && list.saved
        ? body(api.PATCH("/api/saved-filters/{saved_filter_id}", { params: { path: { saved_filter_id: list.saved.id } }, body: { name: name.trim() } }))
        : body(api.POST("/api/saved-filters", { body: { name: name.trim(), filters: bodyOf(list.search, list.text), ...(list.search.view && { view: VIEW_NAMES[list.search.view] }) } })),
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ["saved-filters"] });
      list.open(saved.id);
      onClose();
    },
  });
  const refusal = save.error instanceof Refusal ? save.error : null;
  return (
    <Dialog
      title={rename ? "Rename the list" : "Save as a list"}
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={!name.trim()} isPending={save.isPending} onPress={() => save.mutate()}>
            Save
          </Button>
        </>
      }
    >
      <TextField label="Name" value={name} onChange={setName} autoFocus maxLength={50} error={refusal ? (refusal.fields[0]?.detail ?? refusal.detail) : undefined} help="Your lists are yours alone. A list keeps its filters and finds whoever fits them then." />
    </Dialog>
  );
}
