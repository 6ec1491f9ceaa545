import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronDown, Minus, UserRound, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api, body } from "@/api/client";
import { now } from "@/api/clock";
import { Refusal } from "@/api/problem";
import { Name, saidName } from "@/features/preferences/hidden";
import { useNouns, useZone } from "@/features/session/business";
import { useContactName } from "@/features/contacts/one";
import { clock, stopwatch } from "@/lib/time";
import { Badge, IconTile } from "@/ui/Badge";
import { Button, IconButton, buttonClass } from "@/ui/Button";
import { ErrorNote } from "@/ui/Notes";
import { toast } from "@/ui/toast";
import { CallSteps } from "./CallSteps";
import css from "./CallsPanel.module.css";
import { openCalls, unfollow, useFollowed } from "./follow";
import { useCall, useLimits } from "./queries";
import { callWord, isOver, isUnderWay } from "./words";

/** The calls that this user started, beside the page; they go on when the page is left. */
export function CallsPanel() {
  const { followed, open } = useFollowed();
  const limits = useLimits().data;
  const zone = useZone();
  if (!open || followed.length === 0) return null;
  const full = limits && limits.used >= limits.limit;
  return (
    <section className={css.panel} aria-label="Calls you started">
      <header className={css.header}>
        <h2>Calls you started</h2>
        <IconButton icon={Minus} label="Put away" onPress={() => openCalls(false)} />
      </header>
      <ul>
        {followed.map((each, place) => (
          <FollowedCall key={each.sessionId} {...each} first={place === 0} />
        ))}
      </ul>
      {full && limits.available_at && (
        <footer className={css.footer}>
          {limits.used} of {limits.limit} calls used in the last {Math.round(limits.window_seconds / 60)} minutes. The next is free at {clock(new Date(limits.available_at), zone)}.
        </footer>
      )}
    </section>
  );
}

function FollowedCall({ sessionId, contactId, first }: { sessionId: string; contactId: string; first: boolean }) {
  const call = useCall(sessionId, true).data;
  const name = useContactName(contactId) ?? "";
  const nouns = useNouns();
  const client = useQueryClient();
  const [open, setOpen] = useState(first);
  const told = useRef(false);
  const over = call !== undefined && isOver(call.status);
  const word = call && callWord(call, now());

  useEffect(() => {
    if (!over || told.current || !word) return;
    told.current = true;
    toast(`${saidName(name)}: ${word.word.toLowerCase()}.`);
    void client.invalidateQueries({ queryKey: ["contacts"] });
    void client.invalidateQueries({ queryKey: ["attention"] });
  }, [over, word, name, client]);

  const cancel = useMutation({
    mutationFn: () => body(api.POST("/api/calls/{session_id}/cancel", { params: { path: { session_id: sessionId } }, body: {} })),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["calls", sessionId] });
      toast("Taken out of line.");
    },
    // Where it stands by now is seen in its place.
    onError: () => void client.invalidateQueries({ queryKey: ["calls", sessionId] }),
  });

  if (!call || !word) return null;
  return (
    <li className={css.call}>
      <div className={css.head}>
        <button type="button" className={css.toggle} aria-expanded={open} onClick={() => setOpen(!open)}>
          <IconTile icon={word.icon} tone={word.tone} />
          <span className={css.who}>
            <b className="truncate">
              <Name>{name}</Name>
            </b>
            <Badge tone={word.tone} plain>
              {word.word}
            </Badge>
          </span>
          {call.status === "answered" && call.placed_at && <Ticking since={call.placed_at} />}
          <ChevronDown size={16} aria-hidden className={open ? css.up : undefined} />
        </button>
        {over && <IconButton icon={X} label={`Remove ${name} from the list`} onPress={() => unfollow(sessionId)} />}
      </div>
      {open && (
        <div className={css.body}>
          <CallSteps call={call} />
          {cancel.isError && (
            <ErrorNote error={cancel.error} what="Not taken out of line." {...(cancel.error instanceof Refusal && cancel.error.status === 409 && { detail: "The call has begun already. It goes on; what comes of it appears here." })} onClose={cancel.reset} />
          )}
          <div className={css.actions}>
            <Link to="/contacts/$contactId" params={{ contactId }} className={buttonClass({ small: true })}>
              <UserRound size={15} aria-hidden /> Open {nouns.one}
            </Link>
            {call.status === "planned" && (
              <Button small icon={X} isPending={cancel.isPending} onPress={() => cancel.mutate()}>
                Take out of line
              </Button>
            )}
            {isUnderWay(call.status) && <span className="faint">Vio is on the line. You can leave this page.</span>}
          </div>
        </div>
      )}
    </li>
  );
}

/** Minutes and seconds since an instant of the server's clock. */
export function Ticking({ since }: { since: string }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="num" aria-hidden>
      {stopwatch(now().getTime() - Date.parse(since))}
    </span>
  );
}
