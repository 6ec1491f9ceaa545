import { useLook } from "@/features/preferences/look";
import { useNarrow } from "@/lib/useNarrow";

/** Whether the menu is a strip of icons. On a phone it is neither: tabs stand below. */
export function useRail(): boolean {
  const menu = useLook().menu;
  const narrow = useNarrow("64rem");
  return menu === "icons" || (menu === "auto" && narrow);
}
