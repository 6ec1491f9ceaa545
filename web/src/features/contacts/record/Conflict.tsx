import { useState } from "react";
import { useGroups } from "@/features/groups/queries";
import { useLocations } from "@/features/session/business";
import { useColleague } from "@/features/session/team";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox } from "@/ui/Field";
import { clockOf, date } from "@/lib/time";
import { humane } from "@/lib/words";
import { LABEL, type Clash, type Draft } from "../form/draft";
import { toldOf } from "../form/shape";
import { useForm, useForms } from "../queries";
import css from "./Conflict.module.css";
import type { LastChange } from "./lastChange";

const CHANNEL: Record<string, string> = { voice: "Phone call", sms: "Text message", email: "Email" };
/** Words of the API that are said as they are. */
const PLAIN: ReadonlySet<keyof Draft> = new Set(["priority", "preferred"]);

/** Two people changed the same fields. Only those are shown; theirs stays unless mine is kept. */
export function Conflict({ clashes, change, industry, onClose, onKeep }: { clashes: Clash[]; change: LastChange; industry: string; onClose: () => void; onKeep: (keep: ReadonlySet<keyof Draft>) => void }) {
  const [keep, setKeep] = useState<ReadonlySet<keyof Draft>>(new Set());
  const groups = useGroups().data?.groups;
  const locations = useLocations().data;
  const colleague = useColleague();
  const form = useForm(industry);
  const forms = useForms();
  const shown = (key: keyof Draft, value: Draft[keyof Draft]): string => {
    if (key === "groups" && Array.isArray(value)) return value.map((id) => groups?.find((each) => each.id === id)?.name ?? "a group").join(", ") || "No group";
    if (key === "location") return locations?.find((each) => each.id === value)?.name ?? "Not said";
    if (key === "industry") return forms?.find((each) => each.form === value)?.label ?? (typeof value === "string" && value ? humane(value) : "As your business");
    if (key === "assigned") return (typeof value === "string" && colleague(value)) || "Nobody";
    if (typeof value === "boolean") return value ? "Yes" : "No";
    if (Array.isArray(value)) return value.join(", ") || "None";
    if (typeof value === "object") return toldOf(form, value).map(({ name, text }) => `${name}: ${text}`).join("; ") || "Nothing";
    if (!value) return "Nothing";
    return (key === "date" && date(value)) || (key === "time" && clockOf(value)) || (key === "duration" && `${value} minutes`) || (key === "channel" && CHANNEL[value]) || (PLAIN.has(key) ? humane(value) : value);
  };
  return (
    <Dialog
      title={`${change.who} changed this ${change.when}`}
      kind="wide"
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>Back to my changes</Button>
          <Button look="primary" onPress={() => onKeep(keep)}>
            Use these values
          </Button>
        </>
      }
    >
      <p className="muted">
        {change.own ? "It was in another window. What you saved there is chosen; tick what of this form you want to keep." : "You both changed the fields below. Theirs is chosen; tick what of yours you want to keep."} Everything else goes together by itself.
      </p>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">{change.own ? "This form" : "Yours"}</th>
            <th scope="col">{change.own ? "Saved" : "Theirs"}</th>
            <th scope="col">
              <span className="hidden-visually">Keep yours</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {clashes.map(({ key, mine, theirs }) => (
            <tr key={key}>
              <th scope="row">{LABEL[key]}</th>
              <td className={keep.has(key) ? css.chosen : undefined}>{shown(key, mine)}</td>
              <td className={keep.has(key) ? undefined : css.chosen}>{shown(key, theirs)}</td>
              <td>
                <Checkbox
                  isSelected={keep.has(key)}
                  onChange={(on) => {
                    const next = new Set(keep);
                    if (on) next.add(key);
                    else next.delete(key);
                    setKeep(next);
                  }}
                >
                  Keep mine
                </Checkbox>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
