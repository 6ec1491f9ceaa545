import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CalendarPlus, CalendarSync, Check, Hourglass, Phone, UserCheck, UserX, X } from "lucide-react";
import { useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { Refusal } from "@/api/problem";
import { useBusiness, useCallSettings, useLocations, useZone } from "@/features/session/business";
import { clock, city, dayAndTimeWithin, distance, wall } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { Empty, ErrorNote } from "@/ui/Notes";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { AppointmentLine } from "../AppointmentLine";
import type { Contact } from "../one";
import { lacksConsent } from "../unasked";
import css from "./AppointmentCard.module.css";
import { useLastChange } from "./lastChange";

type Change = Pick<Schemas["ContactBody"], "appointment_status" | "attendance" | "reason" | "confirmation_method">;

/** The current appointment: when, what Vio does next, and what a person at the desk says about it. */
export function AppointmentCard({ contact, etag, editable, onMove, onAdd }: { contact: Contact; etag: string; editable: boolean; onMove: () => void; onAdd: () => void }) {
  const zone = useZone();
  const at = useNow();
  const client = useQueryClient();
  const locations = useLocations().data;
  const settings = useCallSettings().data;
  const business = useBusiness().data;
  const [cancelling, setCancelling] = useState(false);
  const save = useMutation({
    mutationFn: (change: Change) =>
      body(
        api.PATCH("/api/contacts/{contact_id}", {
          params: { path: { contact_id: contact.id }, ...(etag && { header: { "If-Match": etag } }) },
          body: { ...change, ...(contact.appointment_id && { appointment_id: contact.appointment_id }) },
        }),
      ),
    onSuccess: (_, change) => {
      setCancelling(false);
      toast(change.attendance === "attended" ? "Marked as came." : change.attendance === "no_show" ? "Marked as did not come." : change.appointment_status === "confirmed" ? "Confirmed." : "Cancelled.");
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["contacts"] });
      void client.invalidateQueries({ queryKey: ["attention"] });
    },
  });
  const clashed = save.error instanceof Refusal && save.error.status === 412;
  const change = useLastChange(contact.id, clashed ? etag : null, ["date", "time"]);
  if (!contact.appointment_time) {
    return (
      <section className={css.card} aria-label="Appointment">
        <Empty
          title="No appointment"
          action={
            editable && (
              <Button look="primary" icon={CalendarPlus} onPress={onAdd}>
                Add appointment
              </Button>
            )
          }
        >
          Vio plans the reminder as soon as there is one.
        </Empty>
      </section>
    );
  }
  const begins = new Date(contact.appointment_time);
  const shownIn = locations?.find((each) => each.id === contact.location_id)?.timezone ?? zone;
  const ends = contact.appointment_duration ? new Date(begins.getTime() + contact.appointment_duration * 60_000) : null;
  const past = begins < at;
  const day = wall(begins, shownIn);
  const month = new Intl.DateTimeFormat("en-GB", { timeZone: shownIn, month: "short" }).format(begins);
  const next = contact.next_call_at ? new Date(contact.next_call_at) : null;
  const tries = 1 + (settings?.maximum_retry_attempts ?? 2);
  const open = contact.appointment_status !== "cancelled";
  return (
    <section className={css.card} aria-label="Appointment">
      <div className={css.when}>
        <span className={css.date} aria-hidden>
          <span>{day.weekday}</span>
          <b>{day.day}</b>
          <span>{month}</span>
        </span>
        <div>
          <p className={css.time}>
            <Time at={contact.appointment_time} zone={shownIn}>
              <span className="hidden-visually">{`${day.weekday} ${String(day.day)} ${month}, `}</span>
              {clock(begins, shownIn)}
              {ends && ` to ${clock(ends, shownIn)}`}
            </Time>{" "}
            <span className={css.away}>{distance(begins, at)}</span>
            {shownIn !== zone && <span className={css.away}> {city(shownIn)}</span>}
          </p>
          <p className="muted">
            <AppointmentLine contact={contact} long />
          </p>
        </div>
      </div>
      {!past && (
        <div className={css.next}>
          <p className="faint">Next reminder</p>
          <p>
            {next ? (
              <>
                {next <= at ? <Hourglass size={15} aria-hidden /> : <Phone size={15} aria-hidden />} <Time at={next.toISOString()} zone={zone}>
                  <b>{next <= at ? "In line" : `About ${dayAndTimeWithin(next, zone, at)}`}</b>
                </Time>{" "}
                <span className="muted">
                  try {contact.call_attempts + 1} of {tries}
                </span>
              </>
            ) : (
              <b>{contact.appointment_status === "confirmed" ? "Not needed" : contact.call_state === "calling_in_progress" ? "On the phone now" : lacksConsent(contact, business, at) ? "None: no consent" : "None"}</b>
            )}
          </p>
        </div>
      )}
      {editable && (
        <div className={css.actions}>
          {past && contact.attendance === "unknown" && open ? (
            <>
              <Button small icon={UserCheck} isPending={save.isPending} onPress={() => save.mutate({ attendance: "attended" })}>
                Came
              </Button>
              <Button small icon={UserX} isPending={save.isPending} onPress={() => save.mutate({ attendance: "no_show" })}>
                Did not come
              </Button>
              <Button small icon={CalendarPlus} onPress={onAdd}>
                Book again
              </Button>
            </>
          ) : past ? (
            <>
              <span className="muted">{contact.attendance === "attended" ? "Came" : contact.attendance === "no_show" ? "Did not come" : "Cancelled"}</span>
              <Button small icon={CalendarPlus} onPress={onAdd}>
                Book again
              </Button>
            </>
          ) : (
            <>
              {contact.appointment_status !== "confirmed" && open && (
                <Button small icon={Check} isPending={save.isPending} onPress={() => save.mutate({ appointment_status: "confirmed", confirmation_method: "phone", reason: "Confirmed at the desk" })}>
                  Confirm
                </Button>
              )}
              <Button small icon={CalendarSync} onPress={onMove}>
                Move
              </Button>
              {open && (
                <Button small icon={X} onPress={() => setCancelling(true)}>
                  Cancel
                </Button>
              )}
            </>
          )}
        </div>
      )}
      {save.isError && !cancelling && (
        <div className={css.error}>
          <ErrorNote error={save.error} what={clashed ? `${change.who} changed this ${change.when}; you see it as it is now.` : "Nothing was changed."} />
        </div>
      )}
      {cancelling && <CancelDialog busy={save.isPending} error={save.error} onClose={() => setCancelling(false)} onCancel={(reason) => save.mutate({ appointment_status: "cancelled", reason })} />}
    </section>
  );
}

function CancelDialog({ busy, error, onClose, onCancel }: { busy: boolean; error: unknown; onClose: () => void; onCancel: (reason: string) => void }) {
  const [reason, setReason] = useState("");
  return (
    <Dialog
      title="Cancel the appointment?"
      alert
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Keep it</Button>
          <Button look="danger" isDisabled={!reason.trim()} isPending={busy} onPress={() => onCancel(reason.trim())}>
            Cancel the appointment
          </Button>
        </>
      }
    >
      {error !== null && <ErrorNote error={error} what="Nothing was changed." />}
      <p>Its planned call is taken out. A connected calendar is told.</p>
      <TextField label="Reason" value={reason} onChange={setReason} maxLength={300} autoFocus isRequired help="Needed: it is kept with the appointment, for whoever asks later." />
    </Dialog>
  );
}
