import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type SubmitEvent } from "react";
import { Refusal } from "@/api/problem";
import { session, signIn } from "@/api/session";
import { lookOf, readPreferences } from "@/features/preferences/keep";
import { adoptLook, startPage } from "@/features/preferences/look";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import css from "./SignIn.module.css";

/** The form alone: on its own page, and over the page when a session has ended. */
export function SignInForm({ again = false }: { again?: boolean }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [totp, setTotp] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const navigate = useNavigate();

  /** Where this user begins, on whichever device. */
  const begin = async () => {
    const known = await readPreferences().catch(() => null);
    if (known) adoptLook(lookOf(known));
    if (["/", "/today"].includes(location.pathname)) await navigate({ to: startPage() });
  };

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setRefusal(null);
    try {
      const before = session.get();
      await signIn({ email: email.trim(), password, ...(totp ? { totp } : {}) });
      const after = session.get();
      // Somebody else at the same desk must not find the first one's page.
      if (before.status === "expired" && after.status === "in" && after.user.id !== before.user.id) location.assign("/today");
      else if (!again) await begin();
    } catch (error) {
      const refused = error instanceof Refusal ? error : Refusal.offline();
      if (refused.slug === "totp-required") setAsksCode(true);
      else setRefusal(refused);
      setBusy(false);
    }
  };

  return (
    <form className={css.form} onSubmit={(event) => void submit(event)}>
      {refusal && <ErrorNote error={refusal} what={refusal.slug === "locked-out" ? "Too many tries." : refusal.slug === "wrong-credentials" ? "Not signed in." : `${refusal.problem.title}.`} />}
      <TextField label="Email address" type="email" autoComplete="username" autoFocus={!again} value={email} onChange={setEmail} isRequired />
      <TextField label="Password" type="password" autoComplete="current-password" value={password} onChange={setPassword} isRequired />
      {asksCode && <TextField label="Code from your authenticator app" inputMode="numeric" autoComplete="one-time-code" autoFocus value={totp} onChange={setTotp} isRequired />}
      <Button look="primary" type="submit" wide isPending={busy}>
        {busy ? "Signing in" : "Sign in"}
      </Button>
    </form>
  );
}

export function SignInPage() {
  return (
    <main className={css.page}>
      <div className={css.card}>
        <img src="/icon.svg" alt="" width="44" height="44" />
        <h1>Sign in to VioConcierge</h1>
        <p className="muted">Reminder calls for your appointments.</p>
        <SignInForm />
        <p>
          <Link to="/forgot">Forgotten your password?</Link>
        </p>
      </div>
    </main>
  );
}
