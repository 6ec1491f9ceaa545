import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Lock, Plus, X } from "lucide-react";
import { useState } from "react";
import { api, body, versioned, type Schemas } from "@/api/client";
import { Refusal, byField } from "@/api/problem";
import { Badge } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import { Checkbox, TextField } from "@/ui/Field";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { toast } from "@/ui/toast";
import css from "./settings.module.css";

type Entry = Schemas["TypeEntry"];
type Tag = Schemas["TagView"];

/** The business's own lists: appointment types and tags. */
export function Lists() {
  return (
    <>
      <div className={css.head}>
        <h2>Types and tags</h2>
      </div>
      <Types />
      <TagList />
    </>
  );
}

function Types() {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [spoken, setSpoken] = useState("");
  const [secret, setSecret] = useState(false);
  const found = useQuery({ queryKey: ["settings", "types"], queryFn: () => versioned(api.GET("/api/appointment-types")) });
  const list = found.data?.value.appointment_types ?? [];
  const save = useMutation({
    mutationFn: ({ next }: { next: Entry[]; removed?: string }) => versioned(api.PUT("/api/appointment-types", { params: { header: { "If-Match": found.data?.etag ?? "" } }, body: { appointment_types: next } })),
    onSuccess: (answer, { removed }) => {
      client.setQueryData(["settings", "types"], answer);
      void client.invalidateQueries({ queryKey: ["appointment-types"] });
      toast("Saved.");
      if (removed !== undefined) return;
      setName("");
      setSpoken("");
      setSecret(false);
    },
    onError: () => void found.refetch(),
  });
  const errors = byField(save.error instanceof Refusal ? save.error : null);
  const of = (field: string) => Object.entries(errors).find(([each]) => each.endsWith(`.${field}`))?.[1];
  // At the form that was refused, or at the row that stays.
  const asked = save.error ? save.variables : null;
  const adding = asked !== null && asked.removed === undefined;
  const refused = asked && (
    <ErrorNote
      error={save.error}
      what={save.error instanceof Refusal && save.error.status === 412 ? "A colleague changed the list a moment ago. You see it as it is now." : adding ? "Not added." : "Not removed."}
      detail={Object.values(errors).join(" ") || undefined}
      onClose={save.reset}
    />
  );
  return (
    <Panel title="Appointment types">
      {found.isPending && <Skeleton rows={3} />}
      {found.isError && <ErrorNote error={found.error} what="Could not load the types." retry={() => void found.refetch()} />}
      <ul className={css.rows}>
        {list.map((each) => (
          <li key={each.name}>
            <span className={css.grow}>
              <b>{each.name}</b> {each.spoken_as && <span className="muted">said as “{each.spoken_as}”</span>}
            </span>
            {each.sensitivity === "sensitive" && (
              <Badge tone="neutral" icon={Lock}>
                Private
              </Badge>
            )}
            <IconButton icon={X} label={`Remove ${each.name}`} onPress={() => save.mutate({ next: list.filter((other) => other !== each), removed: each.name })} />
            {asked?.removed === each.name && <div className={css.refused}>{refused}</div>}
          </li>
        ))}
      </ul>
      {adding && !of("name") && !of("spoken_as") && <div className={css.above}>{refused}</div>}
      <form
        className={css.add}
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) save.mutate({ next: [...list, { name: name.trim(), sensitivity: secret ? "sensitive" : "normal", ...(spoken.trim() && { spoken_as: spoken.trim() }) }] });
        }}
      >
        <TextField label="New type" value={name} onChange={setName} error={adding ? of("name") : undefined} />
        <TextField label="Said as" optional value={spoken} onChange={setSpoken} error={adding ? of("spoken_as") : undefined} />
        <Checkbox isSelected={secret} onChange={setSecret}>
          Private: never said
        </Checkbox>
        <Button type="submit" icon={Plus} isDisabled={!name.trim()} isPending={save.isPending}>
          Add
        </Button>
      </form>
    </Panel>
  );
}

function TagList() {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const tags = useQuery({ queryKey: ["tags"], queryFn: () => body(api.GET("/api/tags")) });
  const again = () => void client.invalidateQueries({ queryKey: ["tags"] });
  const add = useMutation({
    mutationFn: () => body(api.POST("/api/tags", { body: { name: name.trim() } })),
    onSuccess: () => setName(""),
    onSettled: again,
  });
  const remove = useMutation({
    mutationFn: ({ id }: Tag) => api.DELETE("/api/tags/{tag_id}", { params: { path: { tag_id: id } } }),
    onSettled: again,
  });
  const refusal = add.error instanceof Refusal ? add.error : null;
  return (
    <Panel title="Tags">
      {tags.isError && <ErrorNote error={tags.error} what="Could not load the tags." retry={() => void tags.refetch()} />}
      {tags.data?.tags.length === 0 && <Empty title="No tags yet" />}
      {(tags.data?.tags.length ?? 0) > 0 && (
        <ul className={css.chips}>
          {tags.data?.tags.map((each: Tag) => (
            <li key={each.id} className={css.chip}>
              {each.name}
              <IconButton icon={X} label={`Remove ${each.name}`} onPress={() => remove.mutate(each)} />
            </li>
          ))}
        </ul>
      )}
      {remove.error && (
        <div className={css.above}>
          <ErrorNote error={remove.error} what={`${remove.variables.name} was not removed.`} onClose={remove.reset} />
        </div>
      )}
      <form
        className={css.add}
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) add.mutate();
        }}
      >
        <TextField label="New tag" value={name} onChange={setName} error={refusal ? (refusal.fields[0]?.detail ?? refusal.detail) : undefined} />
        <Button type="submit" icon={Plus} isDisabled={!name.trim()} isPending={add.isPending}>
          Add
        </Button>
      </form>
    </Panel>
  );
}
