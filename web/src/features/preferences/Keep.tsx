import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useMe } from "@/features/session/use";
import { adoptColumns } from "./columns";
import { isWaiting, keepPreferences, lookOf, patchOf, readPreferences } from "./keep";
import { adoptLook, tellLook } from "./look";

/** Keeps this device's copy of the preferences and the account's together. */
export function KeepPreferences() {
  const me = useMe().id;
  const known = useQuery({ queryKey: ["preferences", me], queryFn: readPreferences, staleTime: 5 * 60_000 }).data;
  useEffect(() => tellLook((change) => keepPreferences(patchOf(change))), []);
  useEffect(() => {
    // What was changed here meanwhile is newer.
    if (!known || isWaiting()) return;
    adoptLook(lookOf(known));
    const columns = known.contact_columns;
    adoptColumns(me, columns ? { shown: columns.shown, widths: columns.widths ?? {} } : null);
  }, [known, me]);
  return null;
}
