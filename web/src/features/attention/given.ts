import { useEffect, useRef } from "react";
import { saidName } from "@/features/preferences/hidden";
import { useMe } from "@/features/session/use";
import { count } from "@/lib/words";
import { say } from "@/ui/say";
import { useOpenWork } from "./queries";
import { reasonOf } from "./reasons";

/** Reads out what work was given to this person, on whatever page they are. */
export function useGiven(): void {
  const me = useMe();
  const work = useOpenWork().data?.attention;
  const before = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    if (!work) return;
    const mine = work.filter((each) => each.assigned_to === me.id);
    const known = before.current;
    before.current = new Set(mine.map((each) => each.attention_id));
    const fresh = known ? mine.filter((each) => !known.has(each.attention_id)) : [];
    const [first] = fresh;
    if (first) say(fresh.length === 1 ? `Given to you: ${saidName(first.contact.name)}. ${reasonOf(first.reason).line}` : `${count(fresh.length, "item")} of work given to you.`, "given");
  }, [work, me.id]);
}
