import { useQuery } from "@tanstack/react-query";
import { ShieldAlert } from "lucide-react";
import { api, body, type Schemas } from "@/api/client";
import { useDelayed } from "@/lib/useDelayed";
import { humane, number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { cx } from "@/ui/cx";
import css from "./SpokenField.module.css";

interface Props {
  label: string;
  /** The API's name of the field: it decides how strict the check is. */
  field: string;
  value: string;
  onChange: (value: string) => void;
  rows: number;
  most: number;
  help?: string;
  error?: string | undefined;
  optional?: boolean;
  /** Takes the text to where it is never spoken. */
  onMove?: (() => void) | undefined;
}

/** What the check of health details finds in a text, half a second after the last key. */
export function usePhi(field: string, text: string) {
  const settled = useDelayed(text, 500);
  const query = useQuery({
    queryKey: ["phi", field, settled],
    queryFn: () => body(api.POST("/api/contacts/check-phi", { body: { field, text: settled } })),
    enabled: settled.trim().length >= 3,
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  return settled === text ? query.data : undefined;
}

/** A text in which health details and identifiers are shown while it is typed, with what to write instead. */
export function SpokenField({ label, field, value, onChange, rows, most, help, error, optional = false, onMove }: Props) {
  const found = usePhi(field, value);
  const left = most - value.length;
  return (
    <div className={css.field}>
      <TextField
        label={label}
        optional={optional}
        rows={rows}
        value={value}
        onChange={onChange}
        error={error ?? (left < 0 ? `${String(-left)} characters too many.` : undefined)}
        help={
          <span className={css.under}>
            <span>{help}</span>
            <span className="num">{`${number(value.length)} of ${number(most)}`}</span>
          </span>
        }
      />
      {found && found.findings.length > 0 && <Findings text={value} found={found} onChange={onChange} onMove={onMove} />}
    </div>
  );
}

function Findings({ text, found, onChange, onMove }: { text: string; found: Schemas["PhiFindings"]; onChange: (value: string) => void; onMove: (() => void) | undefined }) {
  const blocks = found.effect === "block";
  const parts: React.ReactNode[] = [];
  let from = 0;
  for (const finding of found.findings) {
    if (finding.start < from || finding.end > text.length) continue;
    parts.push(text.slice(from, finding.start), <mark key={finding.start}>{text.slice(finding.start, finding.end)}</mark>);
    from = finding.end;
  }
  parts.push(text.slice(from));
  return (
    <div className={cx(css.findings, blocks && css.blocks)} role="status">
      <p className={css.title}>
        <ShieldAlert size={16} aria-hidden />
        {blocks ? "This cannot be saved: it names health details or an identifier." : "This may name health details."}
      </p>
      <p className={css.text}>{parts}</p>
      <ul className={css.list}>
        {found.findings.map((each) => (
          <li key={`${each.kind}${String(each.start)}`}>
            <span>
              {humane(each.kind)}: “{text.slice(each.start, each.end)}”
            </span>
            <Button small onPress={() => onChange((text.slice(0, each.start) + each.suggestion + text.slice(each.end)).replace(/ {2,}/g, " ").trim())}>
              {each.suggestion ? `Say “${each.suggestion}”` : "Leave it out"}
            </Button>
          </li>
        ))}
      </ul>
      {onMove && (
        <p className={css.move}>
          <span>Notes are for staff only, never spoken.</span>
          <Button small onPress={onMove}>
            Move to notes
          </Button>
        </p>
      )}
    </div>
  );
}
