import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus, SquarePen, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { Refusal, byField } from "@/api/problem";
import { useLocations } from "@/features/session/business";
import { phoneText } from "@/lib/phone";
import { Button, IconButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { Empty, ErrorNote, Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import { toast } from "@/ui/toast";
import css from "./settings.module.css";

type Place = Schemas["LocationView"];

/** Where people come to; spoken on the call, and each with its own zone. */
export function Locations() {
  const client = useQueryClient();
  const list = useLocations();
  const [editing, setEditing] = useState<Place | "new" | null>(null);
  const remove = useMutation({
    mutationFn: (place: Place) => api.DELETE("/api/locations/{location_id}", { params: { path: { location_id: place.id } } }),
    onSuccess: () => toast("Removed."),
    onSettled: () => void client.invalidateQueries({ queryKey: ["locations"] }),
  });
  return (
    <>
      <div className={css.head}>
        <h2>Locations</h2>
        <Button look="primary" icon={Plus} onPress={() => setEditing("new")}>
          Add a location
        </Button>
      </div>
      <Panel>
        {list.isPending && <Skeleton rows={2} />}
        {list.isError && <ErrorNote error={list.error} what="Could not load the locations." retry={() => void list.refetch()} />}
        {list.data?.length === 0 && <Empty title="No locations yet">With more than one place, Vio says where to come.</Empty>}
        <ul className={css.rows}>
          {list.data?.map((each) => (
            <li key={each.id}>
              <span className={css.grow}>
                <b>{each.name}</b> <span className="muted">{[each.address, each.phone && phoneText(each.phone).replaceAll(" ", "\u00a0"), each.timezone].filter(Boolean).join(" · ")}</span>
              </span>
              <IconButton icon={SquarePen} label={`Edit ${each.name}`} onPress={() => setEditing(each)} />
              <IconButton icon={Trash2} label={`Remove ${each.name}`} onPress={() => remove.mutate(each)} />
              {remove.error && remove.variables.id === each.id && (
                <div className={css.refused}>
                  <ErrorNote error={remove.error} what="Not removed." onClose={remove.reset} />
                </div>
              )}
            </li>
          ))}
        </ul>
      </Panel>
      {editing && <PlaceDialog {...(editing !== "new" && { place: editing })} onClose={() => setEditing(null)} />}
    </>
  );
}

function PlaceDialog({ place, onClose }: { place?: Place; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(place?.name ?? "");
  const [address, setAddress] = useState(place?.address ?? "");
  const [phone, setPhone] = useState(place?.phone ?? "");
  const [zone, setZone] = useState(place?.timezone ?? "");
  const fields = { name: name.trim(), address: address.trim() || null, phone: phone.trim() || null, timezone: zone.trim() || null };
  const save = useMutation({
    mutationFn: () => (place ? body(api.PATCH("/api/locations/{location_id}", { params: { path: { location_id: place.id } }, body: fields })) : body(api.POST("/api/locations", { body: fields }))),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["locations"] });
      onClose();
    },
  });
  const refusal = save.error instanceof Refusal ? save.error : null;
  const errors = byField(refusal);
  return (
    <Dialog
      title={place ? "Edit location" : "Add a location"}
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
      {save.error && !(refusal && refusal.fields.length > 0) && <ErrorNote error={save.error} what="Not saved." />}
      <TextField label="Name" value={name} onChange={setName} error={errors.name} isRequired autoFocus />
      <TextField label="Address" optional value={address} onChange={setAddress} error={errors.address} />
      <TextField label="Phone" optional type="tel" value={phone} onChange={setPhone} error={errors.phone} />
      <TextField label="Time zone" optional value={zone} onChange={setZone} error={errors.timezone} help="Only where it is another than the business’s." />
    </Dialog>
  );
}
