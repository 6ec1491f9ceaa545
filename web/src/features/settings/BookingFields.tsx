import type { Schemas } from "@/api/client";
import { Row, TextField } from "@/ui/Field";
import css from "./settings.module.css";

export type Mapping = Schemas["FieldMapping"];

const FIELDS: [keyof Mapping, string][] = [
  ["name", "Name"],
  ["phone", "Phone"],
  ["email", "Email"],
  ["appointment_type", "Appointment type"],
  ["owner_name", "Whom they meet"],
  ["special_instructions", "Said by the agent"],
];

/** What of a mapping differs from the saved one; an emptied place goes back to the usual one. */
export function changedPlaces(saved: Mapping, typed: Mapping): Partial<Record<keyof Mapping, string | null>> {
  const changed = FIELDS.map(([field]) => [field, typed[field].trim()] as const).filter(([field, place]) => place !== saved[field]);
  return Object.fromEntries(changed.map(([field, place]) => [field, place || null]));
}

/** Where on a booking each field is found. */
export function BookingFields({ calendar, value, onChange, errors }: { calendar: "calcom" | "calendly"; value: Mapping; onChange: (value: Mapping) => void; errors: Record<string, string> }) {
  return (
    <details>
      <summary>Where the fields of a booking come from</summary>
      <div className={css.test}>
        <p className="muted">
          A part of every booking (<span className="code">invitee.name</span>, <span className="code">invitee.email</span>, <span className="code">invitee.phone</span>, <span className="code">eventType.title</span>, <span className="code">organizer.name</span>, <span className="code">booking.notes</span>), or{" "}
          <span className="code">responses.</span> with {calendar === "calcom" ? "the identifier of a question on your booking page" : "the words of a question on your booking page, in small letters with _ between them"}. Empty a field for the usual place.
        </p>
        {[0, 2, 4].map((at) => (
          <Row key={at}>
            {FIELDS.slice(at, at + 2).map(([field, label]) => (
              <TextField key={field} label={label} value={value[field]} onChange={(place) => onChange({ ...value, [field]: place })} error={errors[`${calendar}.field_mapping.${field}`]} autoComplete="off" />
            ))}
          </Row>
        ))}
      </div>
    </details>
  );
}
