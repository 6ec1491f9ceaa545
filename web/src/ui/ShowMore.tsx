import { Button } from "./Button";
import css from "./ShowMore.module.css";

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  /** What is shown is of another list: the rest of this one is not known yet. */
  isPlaceholderData: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** The rest of a list that comes page by page; nothing once all of it is there. */
export function ShowMore({ list, bare }: { list: Pages; /** Without room around it. */ bare?: boolean }) {
  if (!list.hasNextPage) return null;
  return (
    <div className={bare ? undefined : css.padded}>
      <Button small isDisabled={list.isPlaceholderData} isPending={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()}>
        Show more
      </Button>
    </div>
  );
}
