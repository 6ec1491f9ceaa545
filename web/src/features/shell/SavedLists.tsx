import { Link } from "@tanstack/react-router";
import { Bookmark } from "lucide-react";
import { useSavedCount, useSavedLists, type SavedList } from "@/features/contacts/saved";
import { number } from "@/lib/words";
import css from "./SavedLists.module.css";

/** Up to five of the lists that this user keeps. */
export function SavedLists() {
  const lists = useSavedLists().data ?? [];
  if (lists.length === 0) return null;
  return (
    <section aria-labelledby="saved-lists">
      <h2 id="saved-lists" className={css.title}>
        Saved lists
      </h2>
      <ul>
        {lists.slice(0, 5).map((each) => (
          <li key={each.id}>
            <Link to="/contacts" search={{ list: each.id }} className={css.entry}>
              <Bookmark size={16} aria-hidden />
              <span className="truncate">{each.name}</span>
              <Count list={each} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Count({ list }: { list: SavedList }) {
  const count = useSavedCount(list);
  return count !== undefined && <span className={`${css.count ?? ""} num`}>{number(count)}</span>;
}
