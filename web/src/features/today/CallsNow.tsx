import { Link } from "@tanstack/react-router";
import { Ticking } from "@/features/calls/CallsPanel";
import { useCallsUnderWay, type CallSession } from "@/features/calls/queries";
import { callWord } from "@/features/calls/words";
import { Name } from "@/features/preferences/hidden";
import { useNow } from "@/lib/useNow";
import { Badge, IconTile } from "@/ui/Badge";
import { Panel } from "@/ui/Panel";
import css from "./CallsNow.module.css";

export function CallsNow() {
  const known = useCallsUnderWay();
  const calls = known ?? [];
  return (
    <Panel title={<>Calls now {calls.length > 0 && <Badge tone="calling">{calls.length}</Badge>}</>} aside={<Link to="/calls">All calls</Link>}>
      {calls.length === 0 ? (
        <p className={css.none}>{known ? "Nobody is being called right now." : "\u00a0"}</p>
      ) : (
        <ul className={css.list}>
          {calls.slice(0, 6).map((call) => (
            <CallRow key={call.session_id} call={call} />
          ))}
        </ul>
      )}
      {calls.length > 6 && <p className={css.none}>{calls.length - 6} more are on the phone.</p>}
    </Panel>
  );
}

export function CallRow({ call }: { call: CallSession }) {
  const name = call.contact_name;
  const word = callWord(call, useNow());
  return (
    <li className={css.call}>
      <IconTile icon={word.icon} tone={word.tone} />
      <Link to="/contacts/$contactId" params={{ contactId: call.contact_id }} className={css.name}>
        <Name>{name ?? "…"}</Name>
      </Link>
      <span className={css.state}>
        <Badge tone={word.tone} plain>
          {word.word}
          {(call.status === "answered" || call.status === "ringing") && call.placed_at && (
            <>
              {" "}
              <Ticking since={call.placed_at} />
            </>
          )}
        </Badge>
      </span>
    </li>
  );
}
