import { Check, type LucideIcon } from "lucide-react";
import { useRef, useState } from "react";
import { Menu as AriaMenu, MenuItem } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import css from "./Light.module.css";
import menu from "./Menu.module.css";
import type { Action } from "./Menu";
import { cx } from "./cx";

/*
 * Parts for rows that come and go by the dozen while a list is scrolled: the browser's own controls, which cost a tenth of the library's.
 */

/** `span` says that Shift was held: from the last one chosen to this one. */
export function LightCheckbox({ label, chosen, onChange, inTabOrder = true }: { label: string; chosen: boolean; onChange: (next: boolean, span: boolean) => void; inTabOrder?: boolean }) {
  return (
    <label className={css.check}>
      <input type="checkbox" aria-label={label} className={css.input} checked={chosen} tabIndex={inTabOrder ? 0 : -1} onChange={(event) => onChange(event.currentTarget.checked, event.nativeEvent instanceof MouseEvent && event.nativeEvent.shiftKey)} />
      <span className={css.box} aria-hidden>
        <Check size={13} strokeWidth={3} />
      </span>
    </label>
  );
}

export function LightIconButton({ icon: Icon, label, onPress }: { icon: LucideIcon; label: string; onPress: () => void }) {
  return (
    <button type="button" tabIndex={-1} className={css.icon} aria-label={label} onClick={onPress}>
      <Icon size={18} aria-hidden />
    </button>
  );
}

/** A menu that is made when it is opened. */
export function LightMenu({ icon: Icon, label, actions }: { icon: LucideIcon; label: string; actions: () => (Action | false)[] }) {
  const trigger = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  return (
    <>
      <button ref={trigger} type="button" tabIndex={-1} className={css.icon} aria-label={label} aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(true)}>
        <Icon size={18} aria-hidden />
      </button>
      {open && <Opened trigger={trigger} label={label} actions={actions().filter((each): each is Action => each !== false)} onClose={() => setOpen(false)} />}
    </>
  );
}

function Opened({ trigger, label, actions, onClose }: { trigger: React.RefObject<HTMLButtonElement | null>; label: string; actions: Action[]; onClose: () => void }) {
  return (
    <Popover className={menu.popover} placement="bottom end" triggerRef={trigger} isOpen onOpenChange={(next) => !next && onClose()}>
      <AriaMenu
        aria-label={label}
        className={menu.menu}
        autoFocus="first"
        onAction={(key) => {
          onClose();
          actions.find((each) => each.id === key)?.run();
        }}
      >
        {actions.map((action) => (
          <MenuItem key={action.id} id={action.id} textValue={action.name} className={cx(menu.item, action.danger && menu.danger)}>
            {action.icon && <action.icon size={16} aria-hidden />}
            {action.name}
          </MenuItem>
        ))}
      </AriaMenu>
    </Popover>
  );
}
