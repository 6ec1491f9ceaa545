import type { LucideIcon } from "lucide-react";
import type { ReactElement } from "react";
import { Menu as AriaMenu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import css from "./Menu.module.css";
import { cx } from "./cx";

export interface Action {
  id: string;
  name: string;
  icon?: LucideIcon;
  run: () => void;
  danger?: boolean;
}

/** Things to do behind a button; what may not be done is not in the list. */
export function Menu({ trigger, label, actions }: { trigger: ReactElement; label: string; actions: (Action | false | null | undefined)[] }) {
  const shown = actions.filter((each): each is Action => Boolean(each));
  if (shown.length === 0) return null;
  return (
    <MenuTrigger>
      {trigger}
      <Popover className={css.popover} placement="bottom end">
        <AriaMenu aria-label={label} className={css.menu} items={shown} onAction={(key) => shown.find((each) => each.id === key)?.run()}>
          {(action) => (
            <MenuItem id={action.id} textValue={action.name} className={cx(css.item, action.danger && css.danger)}>
              {action.icon && <action.icon size={16} aria-hidden />}
              {action.name}
            </MenuItem>
          )}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
