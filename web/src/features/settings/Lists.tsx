import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Lock, Plus, X } from "lucide-react";
import { useState } from "react";
import { api, body, versioned, type Schemas } from "@/api/client";
import { Refusal } from "@/api/problem";
import { Badge } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import { Checkbox, TextField } from "@/ui/Field";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { toast } from "@/ui/toast";
import css from "./settings.module.css";

type Entry = Schemas["TypeEntry"];

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
    mutationFn: (next: Entry[]) => versioned(api.PUT("/api/appointment-types", { params: { header: { "If-Match": found.data?.etag ?? "" } }, body: { appointment_types: next } })),
    onSuccess: (answer) => {
      client.setQueryData(["settings", "types"], answer);
      void client.invalidateQueries({ queryKey: ["appointment-types"] });
      setName("");
      setSpoken("");
      setSecret(false);
      toast("Saved.");
    },
    onError: () => void found.refetch(),
  });
  const refusal = save.error instanceof Refusal ? save.error : null;
  return (
    <Panel title="Appointment types">
      {found.isPending && <Skeleton rows={3} />}
      {found.isError && <ErrorNote error={found.error} what="Could not load the types." retry={() => void found.refetch()} />}
      {refusal && <ErrorNote error={refusal} what={refusal.status === 412 ? "A colleague changed the list a moment ago. Look again." : `Not saved. ${refusal.fields.map((each) => each.detail).join(" ")}`} />}
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
            <IconButton icon={X} label={`Remove ${each.name}`} onPress={() => save.mutate(list.filter((other) => other !== each))} />
          </li>
        ))}
      </ul>
      <form
        className={css.add}
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) save.mutate([...list, { name: name.trim(), sensitivity: secret ? "sensitive" : "normal", ...(spoken.trim() && { spoken_as: spoken.trim() }) }]);
        }}
      >
        <TextField label="New type" value={name} onChange={setName} />
        <TextField label="Said as" optional value={spoken} onChange={setSpoken} />
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
    mutationFn: (id: string) => api.DELETE("/api/tags/{tag_id}", { params: { path: { tag_id: id } } }),
    onError: (error) => toast(error instanceof Refusal ? error.detail : "Nothing was removed.", true),
    onSettled: again,
  });
  const refusal = add.error instanceof Refusal ? add.error : null;
  return (
    <Panel title="Tags">
      {tags.isError && <ErrorNote error={tags.error} what="Could not load the tags." retry={() => void tags.refetch()} />}
      {tags.data?.tags.length === 0 && <Empty title="No tags yet" />}
      {(tags.data?.tags.length ?? 0) > 0 && (
        <ul className={css.chips}>
          {tags.data?.tags.map((each: Schemas["TagView"]) => (
            <li key={each.id} className={css.chip}>
              {each.name}
              <IconButton icon={X} label={`Remove ${each.name}`} onPress={() => remove.mutate(each.id)} />
            </li>
          ))}
        </ul>
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
