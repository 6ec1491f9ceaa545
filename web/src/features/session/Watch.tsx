import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, body } from "@/api/client";
import { expire, session, signOut } from "@/api/session";
import { clock } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { SignInForm } from "./SignIn";
import { useZone } from "./business";
import { useMe, useSession } from "./use";

const WARN_BEFORE = 2 * 60_000;
const LAST_ACTIVE = "vio.active";

/** When somebody last did something, in any tab of this browser. Reading again by itself is not doing. */
function touch(): void {
  localStorage.setItem(LAST_ACTIVE, String(Date.now()));
}

/** Whether somebody was signed in here when the page was loaded. */
export const wasIn = (): boolean => localStorage.getItem(LAST_ACTIVE) !== null;

session.subscribe(() => {
  if (session.get().status === "out") localStorage.removeItem(LAST_ACTIVE);
});

const lastTouch = (): number => Number(localStorage.getItem(LAST_ACTIVE) ?? Date.now());

/** Signs out after the hours without use that the profile says, and says so two minutes before. The form under it stays. */
export function SessionWatch() {
  const state = useSession();
  const me = useMe();
  const zone = useZone();
  const hours = useQuery({ queryKey: ["profile"], queryFn: () => body(api.GET("/api/users/profile")), staleTime: 10 * 60_000, enabled: state.status === "in" }).data?.session_timeout ?? 8;
  const [endsAt, setEndsAt] = useState<number | null>(null);

  // Being signed in is doing something; that a warning came is not.
  useEffect(() => {
    if (state.status === "in") touch();
  }, [state.status]);
  useEffect(() => {
    if (state.status !== "in") return;
    let written = Date.now();
    const active = () => {
      if (Date.now() - written < 5_000 || endsAt !== null) return;
      written = Date.now();
      touch();
    };
    const check = setInterval(() => {
      const end = lastTouch() + hours * 3_600_000;
      if (Date.now() >= end) void expire();
      else setEndsAt(end - Date.now() <= WARN_BEFORE ? end : null);
    }, 5_000);
    const events = ["pointerdown", "keydown", "wheel", "touchmove"] as const;
    for (const event of events) addEventListener(event, active, { passive: true });
    return () => {
      clearInterval(check);
      for (const event of events) removeEventListener(event, active);
    };
  }, [state.status, hours, endsAt]);

  if (state.status === "expired") {
    return (
      <Dialog title="Sign in again" open onClose={() => null} dismissable={false}>
        <p className="muted">Your session has ended, {me.full_name}. What you typed is still on the page.</p>
        <SignInForm again />
        <Button look="quiet" onPress={() => void signOut()}>
          Leave this page and sign out
        </Button>
      </Dialog>
    );
  }
  if (endsAt === null) return null;
  const stay = () => {
    touch();
    setEndsAt(null);
  };
  return (
    <Dialog
      title="Still here?"
      alert
      open
      onClose={stay}
      footer={
        <>
          <Button onPress={() => void signOut()}>Sign out now</Button>
          <Button look="primary" autoFocus onPress={stay}>
            Stay signed in
          </Button>
        </>
      }
    >
      <p>You are signed out at {clock(new Date(endsAt), zone)}, because nothing was done here for a while.</p>
    </Dialog>
  );
}
