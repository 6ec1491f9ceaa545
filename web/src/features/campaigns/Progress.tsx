import { CalendarSync, Check, Hourglass, MessageCircleQuestion, PhoneCall, PhoneMissed, Square, X, type LucideIcon } from "lucide-react";
import { useLook } from "@/features/preferences/look";
import { useZone } from "@/features/session/business";
import { clock, dayAndTimeWithin, distance, isFinishing } from "@/lib/time";
import { useNow } from "@/lib/useNow";
import { money, number } from "@/lib/words";
import { Stack, type Shade } from "@/ui/Bar";
import css from "./CampaignPage.module.css";
import { countsOf } from "./counts";
import { isGoing, type CampaignStatus } from "./queries";

/** How far a campaign is: its end first, then what came of the calls so far. */
export function Progress({ campaign }: { campaign: CampaignStatus }) {
  const rates = useLook().rates === "shown";
  const { confirmed, moved, cancelled, undecided, reached, missed, calling, waiting, stopped, called, toCall } = countsOf(campaign);
  const parts: { shade?: Shade; icon: LucideIcon; value: number; word: string; always?: boolean }[] = [
    { shade: "confirmed", icon: Check, value: confirmed, word: "confirmed", always: true },
    { shade: "moved", icon: CalendarSync, value: moved, word: moved === 1 ? "wants to move" : "want to move" },
    { shade: "cancelled", icon: X, value: cancelled, word: "cancelled" },
    { shade: "waiting", icon: MessageCircleQuestion, value: undecided, word: "undecided" },
    { shade: "unreached", icon: PhoneMissed, value: missed, word: "not reached", always: true },
    { shade: "calling", icon: PhoneCall, value: calling, word: "on the phone" },
    { icon: Hourglass, value: waiting, word: "to go", always: isGoing(campaign.status) },
    { icon: Square, value: stopped, word: "stopped" },
  ];
  const shown = parts.filter(({ value, always }) => always || value > 0);
  return (
    <section className={css.progress} aria-label="Progress">
      <div className={css.bar}>
        <End campaign={campaign} />
        <Stack label={shown.map(({ value, word }) => `${number(value)} ${word}`).join(", ")} total={toCall} parts={parts.flatMap(({ shade, value }) => (shade ? [{ shade, value }] : []))} />
        <ul className={css.legend}>
          {shown.map(({ shade, icon: Icon, value, word }) => (
            <li key={word}>
              <Icon size={15} aria-hidden className={shade && css[shade]} /> <b className="num">{number(value)}</b> {word}
            </li>
          ))}
        </ul>
      </div>
      <dl className={css.figures}>
        <div>
          <dt>Called</dt>
          <dd className="num">
            {number(called)} <small>of {number(toCall)}</small>
          </dd>
        </div>
        {rates && campaign.success_rate != null && (
          <div>
            <dt>Reached</dt>
            <dd className="num">{Math.round(campaign.success_rate)}%</dd>
          </div>
        )}
        {rates && reached > 0 && (
          <div>
            <dt>Confirmed</dt>
            <dd className="num">
              {Math.round((confirmed / reached) * 100)}% <small>of reached</small>
            </dd>
          </div>
        )}
        {campaign.cost_so_far && (
          <div>
            <dt>Cost so far</dt>
            <dd className="num">{money(campaign.cost_so_far.amount_minor, campaign.cost_so_far.currency)}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

function End({ campaign }: { campaign: CampaignStatus }) {
  const zone = useZone();
  const at = useNow();
  const within = (instant: string) => dayAndTimeWithin(new Date(instant), zone, at);
  const end = campaign.estimated_completion ? new Date(campaign.estimated_completion) : null;
  const [told, more] = end
    ? isFinishing(end, at)
      ? ["Finishing", ""]
      : [clock(end, zone), `expected end, ${distance(end, at)}`]
    : campaign.completed_at
      ? ["Finished", within(campaign.completed_at)]
      : campaign.cancelled_at
        ? ["Stopped", within(campaign.cancelled_at)]
        : campaign.status === "paused"
          ? ["Paused", campaign.paused_at ? `since ${within(campaign.paused_at)}` : ""]
          : ["Calling", ""];
  return (
    <p className={css.end}>
      <b>{told}</b> {more}
    </p>
  );
}
