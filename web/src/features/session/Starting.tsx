import { useEffect, useState } from "react";
import { useOfflineSince } from "@/api/connection";
import { resume } from "@/api/session";
import { Button } from "@/ui/Button";
import shell from "@/features/shell/Shell.module.css";
import { Search } from "lucide-react";
import css from "./SignIn.module.css";
import { wasIn } from "./Watch";
import { lastNouns } from "./business";

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
  if (!slow) return wasIn() ? <Outline /> : <main aria-busy="true" aria-label="Opening" />;
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

/** The frame as it will be, where somebody was signed in before: what is not about anybody need not wait for the session. */
function Outline() {
  return (
    <div className={shell.shell} aria-busy="true">
      <aside className={shell.sidebar} aria-hidden>
        <div className={shell.brand}>
          <img src="/icon.svg" alt="" width="32" height="32" />
        </div>
      </aside>
      <div className={shell.column}>
        <header className={shell.top}>
          <span className={shell.search}>
            <Search size={17} aria-hidden />
            <span className={shell.searchText}>
              Search {lastNouns().many}
              <span className={shell.wideOnly}>, or type a command</span>
            </span>
          </span>
        </header>
        <main aria-label="Opening" />
      </div>
    </div>
  );
}
