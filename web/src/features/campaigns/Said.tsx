import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Lock } from "lucide-react";
import { api, body } from "@/api/client";
import { contactOnce } from "@/features/contacts/one";
import { Detail, Name, useSaid } from "@/features/preferences/hidden";
import { useAppointmentTypes, useBusiness, useCallSettings, useLocations, useNouns } from "@/features/session/business";
import { useMay } from "@/features/session/use";
import { phoneText } from "@/lib/phone";
import { clockWithin, longDay } from "@/lib/time";
import { Skeleton } from "@/ui/Notes";
import { Panel } from "@/ui/Panel";
import css from "./Said.module.css";
import type { Options } from "./options";
import { spokenTo, type Level } from "./said";

/** What a level leaves unsaid, in a sentence. */
const LEVEL: Record<Exclude<Level, null>, string> = {
  strict: "Privacy is set to strict: no last name, no type, nobody it is with, no place.",
  standard: "Privacy is set to standard: no last name, and only a general word for the type.",
  basic: "Privacy is set to basic: the last name as an initial, the type as your list says it.",
  unknown: "This is what is said at any level of privacy. By the level that an administrator sets, it may be more.",
};

const STYLE: Record<string, string> = {
  minimal: "Your call settings say: name, date and time.",
  standard: "Your call settings say: also the type and who it is with.",
  enhanced: "Your call settings say: all of it, with place, duration and the words of the record.",
};

/** The level of privacy in force: only administrators read which it is. */
export function useLevel(): Level | undefined {
  const may = useMay()("manage_compliance_settings");
  const business = useBusiness().data;
  const privacy = useQuery({ queryKey: ["privacy-level"], queryFn: () => body(api.GET("/api/settings/privacy")), enabled: may && business?.hipaa_mode === true, staleTime: 60_000 });
  if (!business) return undefined;
  if (!business.hipaa_mode) return null;
  if (!may || privacy.isError) return "unknown";
  const level = privacy.data?.hipaa_level;
  return level === undefined ? undefined : level === "strict" || level === "basic" ? level : "standard";
}

/** What Vio is told of one person of a campaign, and so may say; with where that is set. */
export function Said({ contactId, options, onChange, onLeave }: { contactId: string | undefined; options: Options; onChange?: () => void; onLeave: () => void }) {
  const may = useMay();
  const nouns = useNouns();
  const said = useSaid();
  const level = useLevel();
  const business = useBusiness().data;
  const style = useCallSettings().data;
  const types = useAppointmentTypes().data;
  const locations = useLocations().data;
  const found = useQuery({ ...contactOnce(contactId ?? ""), enabled: contactId !== undefined });
  const person = found.data;
  const place = locations?.find((each) => each.id === person?.location_id);
  const aside = onChange && (
    <button type="button" className={css.link} onClick={onChange}>
      Change<span className="hidden-visually"> what Vio will say</span>
    </button>
  );
  const ready = business && style && types && locations && level !== undefined && !(contactId && found.isPending);
  if (!ready) {
    return (
      <Panel title="What Vio will say" aside={aside}>
        <Skeleton rows={2} />
      </Panel>
    );
  }
  const firm = business.business_trading_name ?? business.company_legal_name;
  const number = place?.phone ?? business.primary_phone;
  const at = person?.appointment_time ? new Date(person.appointment_time) : null;
  // Without anybody to show it for, the names of the parts stand in their places.
  const shown = person ?? { name: "first and last name", first_name: "first name", last_name: null, appointment_type: null };
  const when = person ? at && `${longDay(at, person.timezone)} at ${clockWithin(at, person.timezone)}` : "day and time";
  const words = spokenTo(shown, when, { level, style, types, location: place?.name, number: Boolean(number) });
  const added = options.words.trim();
  const replaced = options.replace && added !== "" && words.added;
  const about = words.appointment;
  const appointment = about && !replaced && (
    <p>
      {about.type === "appointment" ? "An appointment" : `The ${about.type.replace(/^(an?|the) /i, "")}`} on <b>{about.when}</b>
      {about.minutes && `, ${String(about.minutes)} minutes`}
      {about.provider && <>, with {about.provider}</>}
      {about.location && <>, at {about.location}</>}.
    </p>
  );
  const later = !words.atOnce || words.instructions || (added && words.added);
  return (
    <Panel title="What Vio will say" aside={aside} padded>
      <div className={css.said}>
        <p className="muted">
          {person ? (
            <>
              For example to <Name>{person.name}</Name>:
            </>
          ) : (
            `To each ${nouns.one}:`
          )}
        </p>
        <div className={css.words}>
          <p>
            A call from <b>{firm}</b> for <b>{person && words.asks === person.name ? said.name(words.asks) : words.asks}</b>.
          </p>
          {words.atOnce && appointment && <Detail>{appointment}</Detail>}
          {person && !about && <p>No appointment: there is none to come.</p>}
          {later && <p className={css.then}>Once they say who they are</p>}
          {!words.atOnce && appointment && <Detail>{appointment}</Detail>}
          {words.instructions && !replaced && (
            <Detail>
              <q>{words.instructions}</q>
            </Detail>
          )}
          {added && words.added && (
            <p>
              <mark className={css.added}>“{added}”</mark>
            </p>
          )}
          {replaced && <p className={css.then}>Instead of the usual words</p>}
          <p className={css.then}>On a mailbox</p>
          {words.mailbox ? (
            <p>
              “Hello, this is a message from {firm}. Please call us on <span className="num">{phoneText(number)}</span>.”
            </p>
          ) : (
            <p>{level === "unknown" ? "At most who called, and a number to call back." : "Nothing: the call ends."}</p>
          )}
        </div>
        <p className={css.note}>
          <Lock size={14} aria-hidden />
          <span>
            {level ? LEVEL[level] : STYLE[style.personalization_level]} Vio makes its own sentences of this, and knows nothing else.{" "}
            {level && may("manage_compliance_settings") && (
              <Link to="/settings/$section" params={{ section: "privacy" }} onClick={onLeave}>
                Privacy settings
              </Link>
            )}
            {!level && may("configure_call_settings") && (
              <Link to="/settings/$section" params={{ section: "calls" }} onClick={onLeave}>
                Call settings
              </Link>
            )}
            {level && !may("manage_compliance_settings") && "An administrator sets it under Privacy."}
            {!level && !may("configure_call_settings") && "An administrator sets it under Call settings."}
          </span>
        </p>
      </div>
    </Panel>
  );
}
