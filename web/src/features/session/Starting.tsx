import { useEffect, useState } from "react";
import { useOfflineSince } from "@/api/connection";
import { resume } from "@/api/session";
import { Button } from "@/ui/Button";
import css from "./SignIn.module.css";

/** While the session of an earlier page is taken up. */
export function Starting() {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 4_000);
    return () => clearTimeout(timer);
  }, []);
  const offline = useOfflineSince() !== null;
  const [waited, setWaited] = useState(false);
  if (offline && !waited) setWaited(true);
  useEffect(() => {
    if (waited && !offline) resume().catch(() => setSlow(true));
  }, [waited, offline]);
  if (!slow) return <main aria-busy="true" aria-label="Opening" />;
  return (
    <main className={css.page}>
      <div className={css.card}>
        <h1>Still opening</h1>
        <p className="muted">The server has not answered yet. Check the connection.</p>
        <Button
          onPress={() => {
            setSlow(false);
            resume().catch(() => setSlow(true));
          }}
        >
          Try again
        </Button>
      </div>
    </main>
  );
}
