import { useNouns } from "@/features/session/business";
import { Dialog } from "@/ui/Dialog";
import { Kbd } from "@/ui/Kbd";
import css from "./ShortcutHelp.module.css";

export default function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const nouns = useNouns();
  const rows: [string[], string][] = [
    [["Ctrl", "K"], "Search or type a command"],
    [["/"], "Search this list"],
    [["F"], "Filter the list"],
    [["G", "T"], "Today"],
    [["G", "P"], nouns.Many],
    [["G", "G"], "Groups"],
    [["G", "C"], "Calls"],
    [["G", "S"], "Settings"],
    [["N"], `Add ${nouns.one}`],
    [["C"], "Call now, on a record or a row"],
    [["J", "K"], "Next, previous row"],
    [["Enter"], "Open"],
    [["Esc"], "Back, close, clear the selection"],
    [["X", "Shift X"], "Select, select a range"],
    [["Ctrl", "A"], "Select all loaded; again, the whole list"],
    [["E", "S", "A"], "Resolve, snooze, assign"],
    [["R"], "Ring by hand"],
    [["V", "T"], "As a table"],
    [["V", "C"], "As cards"],
    [["V", "L"], "As a list"],
    [["Ctrl", "Z"], "Undo the last change of many"],
    [["Ctrl", "Shift", "H"], "Hide details"],
    [["?"], "This help"],
  ];
  return (
    <Dialog title="Keyboard shortcuts" open onClose={onClose}>
      <dl className={css.list}>
        {rows.map(([keys, does]) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p className="muted">Single letters work while a list or the page has the focus. They can be switched off under Your account, Look.</p>
    </Dialog>
  );
}
