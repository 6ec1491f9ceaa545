import { Layers } from "lucide-react";
import css from "./GroupsPage.module.css";
import type { Group } from "./queries";

/** A group's icon on a tint of its colour; the name stands beside it. */
export function GroupTile({ group }: { group: Pick<Group, "color" | "icon"> }) {
  return (
    <span className={css.tile} aria-hidden>
      <svg viewBox="0 0 36 36" className={css.tint}>
        <rect width="36" height="36" rx="8" fill={group.color} fillOpacity="0.16" />
        <rect x="0.5" y="0.5" width="35" height="35" rx="7.5" fill="none" stroke={group.color} strokeOpacity="0.5" />
      </svg>
      <span className={css.glyph}>{group.icon ?? <Layers size={17} />}</span>
    </span>
  );
}
