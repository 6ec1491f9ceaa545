import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { Name } from "@/features/preferences/hidden";
import { useMay, useMayEdit } from "@/features/session/use";
import { number } from "@/lib/words";
import { IconTile } from "@/ui/Badge";
import { Button, buttonClass } from "@/ui/Button";
import { ConsentOfMany } from "./ConsentOfMany";
import css from "./Plan.module.css";
import { skipReason, type Remedy } from "./reasons";

type Member = Schemas["CampaignDryRunMember"];

interface Ways {
  /** Back to when the campaign begins. */
  onWhen: () => void;
  /** Looks again who would be called. */
  onAgain: () => void;
  /** What is entered is kept for whoever goes to a remedy and comes back. */
  onLeave: () => void;
}

/** One reason for which people are left out: what it is, what to do about it, and who they are. */
export function LeftOut({ reason, members, ways }: { reason: string; members: Member[]; ways: Ways }) {
  const [open, setOpen] = useState(false);
  const { name, line, icon, remedies = [], act, open: words = "Open record" } = skipReason(reason);
  // Whoever is deleted has no record to open.
  const there = reason !== "contact_deleted";
  return (
    <li className={css.out}>
      <IconTile icon={icon} />
      <div className={css.text}>
        <b>{name}</b>
        {line && <p className="muted">{line}</p>}
      </div>
      <b className={`${css.count ?? ""} num`}>{number(members.length)}</b>
      <span className={css.acts}>
        {remedies.map((each) => (
          <RemedyOf key={each} remedy={each} members={members} ways={ways} />
        ))}
        {there && (
          <button type="button" className={css.link} aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Hide names" : "See names"}
            <span className="hidden-visually">: {name}</span>
          </button>
        )}
      </span>
      {open && (
        <ul className={css.names}>
          {members.map((each) => (
            <li key={each.contact_id}>
              <span className="truncate">
                <Name>{each.contact_name ?? "Somebody"}</Name>
              </span>
              <Link to="/contacts/$contactId" params={{ contactId: each.contact_id }} search={act ? { do: act } : {}} className={css.link} onClick={ways.onLeave}>
                {words}
                <span className="hidden-visually">
                  : <Name>{each.contact_name ?? "Somebody"}</Name>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function RemedyOf({ remedy, members, ways }: { remedy: Remedy; members: Member[]; ways: Ways }) {
  const may = useMay();
  const mayEdit = useMayEdit()({});
  const [asking, setAsking] = useState(false);
  const look = buttonClass({ small: true });
  switch (remedy) {
    case "consent":
      return mayEdit ? (
        <>
          <Button small onPress={() => setAsking(true)}>
            {`Record consent for ${number(members.length)}`}
          </Button>
          {asking && <ConsentOfMany people={members.map((each) => ({ id: each.contact_id, name: each.contact_name ?? "Somebody" }))} onClose={() => setAsking(false)} onDone={ways.onAgain} />}
        </>
      ) : null;
    case "when":
      return (
        <Button small onPress={ways.onWhen}>
          Change when
        </Button>
      );
    case "again":
      return (
        <Button small onPress={ways.onAgain}>
          Check again
        </Button>
      );
    case "dnc":
      return (
        <Link to="/calls/do-not-call" className={look} onClick={ways.onLeave}>
          Open do-not-call list
        </Link>
      );
    case "settings":
      return may("configure_call_settings") ? (
        <Link to="/settings/$section" params={{ section: "calls" }} className={look} onClick={ways.onLeave}>
          Open call settings
        </Link>
      ) : null;
    case "deleted":
      return (
        <Link to="/contacts/deleted" className={look} onClick={ways.onLeave}>
          See deleted
        </Link>
      );
  }
}
