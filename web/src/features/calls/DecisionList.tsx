import { Check, Minus, X } from "lucide-react";
import type { Schemas } from "@/api/client";
import type { GuardSaw } from "@/api/problem";
import { now } from "@/api/clock";
import { useZone } from "@/features/session/business";
import { dayAndTimeWithin } from "@/lib/time";
import { capital } from "@/lib/words";
import { cx } from "@/ui/cx";
import css from "./DecisionList.module.css";
import { GUARD, sawWords, withdrawnWords } from "./words";

/** What each guard saw: why somebody was called, or was not. `consent` is how it stands, where the checks are of now. */
export function DecisionList({ guards, consent }: { guards: GuardSaw[]; consent?: Pick<Schemas["ContactConsent"], "state" | "withdrawn_at"> }) {
  const zone = useZone();
  const failed = guards.findIndex((each) => !each.passed);
  return (
    <ul className={css.list}>
      {guards.map((each, place) => {
        const Icon = each.passed ? Check : X;
        return (
          <li key={`${each.guard}-${String(place)}`} className={cx(css.row, !each.passed && css.failed, failed >= 0 && place > failed && each.passed && css.later)}>
            <span className={css.mark}>
              <Icon size={13} strokeWidth={2.6} aria-hidden />
              <span className="hidden-visually">{each.passed ? "Passed" : "Failed"}</span>
            </span>
            <span className={css.name}>{GUARD[each.guard] ?? capital(each.guard.replaceAll("_", " "))}</span>
            <span className={css.saw}>
              {!each.passed && each.guard === "voice_consent" && consent?.state === "withdrawn" ? withdrawnWords(consent.withdrawn_at, zone) : sawWords(each.saw, zone)}
              {!each.passed && each.until && <> · until {dayAndTimeWithin(new Date(each.until), zone, now())}</>}
            </span>
          </li>
        );
      })}
      {guards.length === 0 && (
        <li className={css.row}>
          <span className={css.mark}>
            <Minus size={13} aria-hidden />
          </span>
          <span>Nothing was checked yet.</span>
        </li>
      )}
    </ul>
  );
}

