import { Link } from "@tanstack/react-router";
import { useState, type SubmitEvent } from "react";
import { Refusal } from "@/api/problem";
import { openly } from "@/api/session";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import css from "./SignIn.module.css";

/** Asks for a link to a new password. The answer is the same whether or not anybody has the address. */
export default function ForgotPage() {
  const [email, setEmail] = useState("");
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal(null);
    try {
      await openly("/api/auth/password/forgot", { email: email.trim() });
      setSent(true);
    } catch (error) {
      setRefusal(error instanceof Refusal ? error : Refusal.offline());
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className={css.page}>
      <div className={css.card}>
        <img src="/icon.svg" alt="" width="44" height="44" />
        <h1>Forgotten your password?</h1>
        {sent ? (
          <div role="status" className={css.form}>
            <p>If somebody signs in with this address, a link to a new password is on its way to it. It works once, within an hour.</p>
            <p className="muted">Nothing there? Look among the unwanted mail, or ask an administrator of your business to send one.</p>
          </div>
        ) : (
          <form className={css.form} onSubmit={(event) => void submit(event)}>
            <p className="muted">You get a link, by which you choose a new one.</p>
            {refusal && <ErrorNote error={refusal} what="Not sent." />}
            <TextField label="Email address" type="email" autoComplete="username" autoFocus value={email} onChange={setEmail} isRequired />
            <Button look="primary" type="submit" wide isPending={busy}>
              Send me a link
            </Button>
          </form>
        )}
        <p>
          <Link to="/">Back to signing in</Link>
        </p>
      </div>
    </main>
  );
}
