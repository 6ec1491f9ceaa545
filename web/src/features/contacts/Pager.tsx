import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useRef } from "react";
import { number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { say } from "@/ui/say";
import css from "./Pager.module.css";
import type { Sheet } from "./queries";

/** Which rows these are, and the way to the others. */
export function Pager({ sheet: { page, size }, total, onPage }: { sheet: Sheet; total: number; onPage: (page: number) => void }) {
  const last = Math.max(1, Math.ceil(total / size));
  const from = (page - 1) * size + 1;
  const shown = from <= total ? `${number(from)} to ${number(Math.min(total, page * size))} of ${number(total)}` : `There is no page ${number(page)}`;
  const before = useRef(page);
  useEffect(() => {
    if (before.current === page) return;
    before.current = page;
    say(shown, "page");
  }, [page, shown]);
  return (
    <nav className={css.pager} aria-label="Pages">
      <p className="num">{shown}</p>
      <Button small icon={ChevronLeft} isDisabled={page <= 1} onPress={() => onPage(Math.min(last, page - 1))}>
        Earlier
      </Button>
      <span className="num muted">{`Page ${number(page)} of ${number(last)}`}</span>
      <Button small icon={ChevronRight} isDisabled={page >= last} onPress={() => onPage(page + 1)}>
        Later
      </Button>
    </nav>
  );
}
