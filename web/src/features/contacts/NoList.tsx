import { Refusal } from "@/api/problem";
import { useNouns } from "@/features/session/business";
import { capital } from "@/lib/words";
import { ErrorNote } from "@/ui/Notes";

/** A list that could not be read; of a search that is not understood, why. */
export function NoList({ error, retry }: { error: unknown; retry: () => void }) {
  const nouns = useNouns();
  const search = error instanceof Refusal ? error.fields.find((each) => each.pointer === "/search") : undefined;
  if (search) return <ErrorNote error={error} what="This search is not understood." detail={capital(search.detail.replace(/^search: /, ""))} />;
  return <ErrorNote error={error} what={`Could not load your ${nouns.many}.`} retry={retry} />;
}
