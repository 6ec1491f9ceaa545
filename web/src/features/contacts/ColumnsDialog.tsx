import { ChevronDown, ChevronUp } from "lucide-react";
import { useMe } from "@/features/session/use";
import { Button, IconButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox, SelectField, Switch } from "@/ui/Field";
import css from "./ColumnsDialog.module.css";
import { columnsOf, useColumnChoice } from "./columns";
import { useKeepColumns, type SavedList } from "./saved";

/** Which columns, in which order, how wide. */
export function ColumnsDialog({ one, saved, onClose }: { one: string; saved: SavedList | undefined; onClose: () => void }) {
  const me = useMe();
  const [choice, setChoice] = useColumnChoice(me.id, saved);
  const keep = useKeepColumns();
  const all = columnsOf(one);
  const order = [...choice.shown.map((id) => all.find((each) => each.id === id)).filter((each) => each !== undefined), ...all.filter((each) => !choice.shown.includes(each.id))];
  const move = (id: string, step: number) => {
    const shown = [...choice.shown];
    const place = shown.indexOf(id);
    const other = shown[place + step];
    if (place < 0 || other === undefined) return;
    shown[place] = other;
    shown[place + step] = id;
    setChoice({ ...choice, shown });
  };
  return (
    <Dialog
      title="Columns"
      open
      onClose={onClose}
      footer={
        <>
          <Button onPress={() => setChoice(null)}>Back to usual</Button>
          <Button look="primary" onPress={onClose}>
            Done
          </Button>
        </>
      }
    >
      <p className="muted">What the table shows, from left to right, each with its width and its place.</p>
      {saved && (
        <Switch isSelected={Boolean(saved.columns)} onChange={(own) => keep(saved, own ? choice.shown : null)}>
          Only in the list {saved.name}
        </Switch>
      )}
      <ul className={css.list}>
        {order.map((column) => {
          const shown = choice.shown.includes(column.id);
          const place = choice.shown.indexOf(column.id);
          const width = choice.widths[column.id] ?? column.width;
          const size = width <= column.width * 0.85 ? "narrow" : width >= column.width * 1.25 ? "wide" : "usual";
          return (
            <li key={column.id} className={css.row}>
              <Checkbox isSelected={shown} isDisabled={column.id === "name"} onChange={(on) => setChoice({ ...choice, shown: on ? [...choice.shown, column.id] : choice.shown.filter((id) => id !== column.id) })}>
                {column.name}
              </Checkbox>
              {shown && (
                <>
                  <div className={css.width}>
                    <SelectField
                      bare
                      small
                      label={`Width of ${column.name}`}
                      value={size}
                      options={[
                        { id: "narrow", name: "Narrow" },
                        { id: "usual", name: "Usual" },
                        { id: "wide", name: "Wide" },
                      ]}
                      onChange={(each) => setChoice({ ...choice, widths: { ...choice.widths, [column.id]: Math.round(column.width * (each === "narrow" ? 0.75 : each === "wide" ? 1.5 : 1)) } })}
                    />
                  </div>
                  <IconButton icon={ChevronUp} label={`Move ${column.name} to the left`} isDisabled={place <= 0} onPress={() => move(column.id, -1)} />
                  <IconButton icon={ChevronDown} label={`Move ${column.name} to the right`} isDisabled={place >= choice.shown.length - 1} onPress={() => move(column.id, 1)} />
                </>
              )}
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}
