import { Link } from "@tanstack/react-router";
import { useState, type ReactNode, type SubmitEvent } from "react";
import { Refusal, byField } from "@/api/problem";
import { openly } from "@/api/session";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { ErrorNote } from "@/ui/Notes";
import css from "./SignIn.module.css";
import { takeToken } from "./open";

interface Words {
  title: string;
  button: string;
  done: string;
  /** Where to get another link. */
  again: ReactNode;
}

/** Chooses a password with the link of a letter, typed twice. */
export function NewPassword({ path, field, words }: { path: string; field: string; words: Words }) {
  // Read once: it leaves the address at once.
  const [token] = useState(takeToken);
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const errors = byField(refusal);
  const dead = !token || errors.token !== undefined;
  const differ = second !== "" && first !== second;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy || first !== second) return;
    setBusy(true);
    setRefusal(null);
    try {
      await openly(path, { token, [field]: first });
      setDone(true);
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
        <h1>{words.title}</h1>
        {done ? (
          <div role="status" className={css.form}>
            <p>{words.done}</p>
            <p>
              <Link to="/">Sign in</Link>
            </p>
          </div>
        ) : dead ? (
          <div role="alert" className={css.form}>
            <p>This link is not good any more: it works once, and for a limited time.</p>
            <p>{words.again}</p>
            <p>
              <Link to="/">Back to signing in</Link>
            </p>
          </div>
        ) : (
          <form className={css.form} onSubmit={(event) => void submit(event)}>
            {refusal && refusal.fields.length === 0 && <ErrorNote error={refusal} what="Not saved." />}
            <TextField label="New password" type="password" autoComplete="new-password" autoFocus value={first} onChange={setFirst} error={errors[field]} help="At least 8 characters, with a capital and a small letter, a digit and another sign." isRequired />
            <TextField label="The same again" type="password" autoComplete="new-password" value={second} onChange={setSecond} error={differ ? "The two are not the same." : undefined} isRequired />
            <Button look="primary" type="submit" wide isDisabled={!first || first !== second} isPending={busy}>
              {words.button}
            </Button>
          </form>
        )}
      </div>
    </main>
  );
}
