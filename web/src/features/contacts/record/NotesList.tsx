import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal } from "@/api/problem";
import { Detail } from "@/features/preferences/hidden";
import { useZone } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { ago } from "@/lib/time";
import { Button } from "@/ui/Button";
import { SelectField } from "@/ui/Field";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { ShowMore } from "@/ui/ShowMore";
import { toast } from "@/ui/toast";
import { SpokenField } from "../SpokenField";
import type { Contact } from "../one";
import css from "./Timeline.module.css";

const KINDS = [
  { id: "note", name: "Note" },
  { id: "phone", name: "Rang" },
  { id: "email", name: "Email" },
  { id: "sms", name: "Text message" },
  { id: "in_person", name: "In person" },
];

const DIRECTIONS = [
  { id: "", name: "Not said" },
  { id: "inbound", name: "They did" },
  { id: "outbound", name: "We did" },
];

/** What staff noted, newest first. */
export function NotesList({ contact, editable }: { contact: Pick<Contact, "id">; editable: boolean }) {
  const zone = useZone();
  const colleague = useColleague();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [kind, setKind] = useState("note");
  const [direction, setDirection] = useState("");
  const list = useInfiniteQuery({
    queryKey: ["contacts", contact.id, "interactions", "all"],
    queryFn: ({ pageParam }) => body(api.GET("/api/contacts/{contact_id}/interactions", { params: { path: { contact_id: contact.id }, query: { page_size: 25, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });
  const add = useMutation({
    mutationFn: () => body(api.POST("/api/contacts/{contact_id}/interactions", { params: { path: { contact_id: contact.id } }, body: { kind, text: text.trim(), ...(kind !== "note" && direction && { direction }) } })),
    onSuccess: (made) => {
      setText("");
      toast("Saved.");
      for (const warning of made.warnings ?? []) toast(warning.detail);
      void client.invalidateQueries({ queryKey: ["contacts", contact.id] });
    },
  });
  const refusal = add.error instanceof Refusal ? add.error : null;
  const notes = list.data?.pages.flatMap((page) => page.interactions) ?? [];
  return (
    <>
      {editable && (
        <form
          className={css.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim()) add.mutate();
          }}
        >
          {refusal && refusal.fields.length === 0 && <ErrorNote error={refusal} what="Not saved. Your text is still here." />}
          <SpokenField label="New note" field="notes" rows={2} most={5000} value={text} onChange={setText} help="For staff only, never spoken." error={refusal?.fields[0]?.detail} />
          <SelectField label="What it was" value={kind} options={KINDS} onChange={setKind} />
          {kind !== "note" && <SelectField label="Who began" value={direction} options={DIRECTIONS} onChange={setDirection} />}
          <Button type="submit" isDisabled={!text.trim()} isPending={add.isPending}>
            Save note
          </Button>
        </form>
      )}
      {list.isPending && <Skeleton rows={2} />}
      {list.isError && <ErrorNote error={list.error} what="Could not load the notes." retry={() => void list.refetch()} />}
      {list.data && notes.length === 0 && <Empty title="No notes yet" />}
      <ul className={css.rows}>
        {notes.map((each) => (
          <li key={each.id}>
            <b>{KINDS.find((known) => known.id === each.kind)?.name ?? each.kind}</b>
            <span className={css.line}>
              <Detail>{each.text}</Detail>
            </span>
            <span className="faint">
              {ago(new Date(each.at), zone, now())}
              {colleague(each.by) && `, ${colleague(each.by) ?? ""}`}
            </span>
          </li>
        ))}
      </ul>
      <ShowMore list={list} />
    </>
  );
}
