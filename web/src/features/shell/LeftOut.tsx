import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, body, type Schemas } from "@/api/client";
import { useContactName } from "@/features/contacts/one";
import { Name } from "@/features/preferences/hidden";
import { useNouns } from "@/features/session/business";
import { number } from "@/lib/words";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, Skeleton } from "@/ui/Notes";
import css from "./BackgroundWork.module.css";
import { leftOut, whyWords, type Job } from "./jobs";

/** How many are shown at a time. */
const STEP = 25;

/** Who a job left out, and why. */
export function LeftOut({ job, onClose }: { job: Job; onClose: () => void }) {
  const total = leftOut(job);
  const [wanted, setWanted] = useState(STEP);
  const list = useInfiniteQuery({
    queryKey: ["jobs", job.job_id, "results"],
    queryFn: ({ pageParam }) => body(api.GET("/api/jobs/{job_id}/results", { params: { path: { job_id: job.job_id }, query: { page_size: 100, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.pagination.next_cursor ?? undefined,
  });
  const found = (list.data?.pages ?? []).flatMap((page) => page.results).filter((each) => !each.success);
  // The results are of everybody: they are read on until as many as are to be shown were left out.
  const { hasNextPage, isFetching, isError, fetchNextPage } = list;
  const short = found.length < Math.min(wanted, total);
  useEffect(() => {
    if (short && hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [short, hasNextPage, isFetching, isError, fetchNextPage]);
  return (
    <Dialog title={`${number(total)} left out`} open onClose={onClose} footer={<Button onPress={onClose}>Close</Button>}>
      {list.isError && <ErrorNote error={list.error} what="Could not load who was left out." retry={() => void (list.data ? fetchNextPage() : list.refetch())} />}
      <ul className={css.out}>
        {found.slice(0, wanted).map((each) => (
          <Row key={each.contact_id} result={each} onLeave={onClose} />
        ))}
      </ul>
      {short && !isError && (hasNextPage || list.isPending) && <Skeleton rows={2} />}
      {total > wanted && found.length >= wanted && (
        <div>
          <Button small onPress={() => setWanted(wanted + STEP)}>
            Show more
          </Button>
        </div>
      )}
    </Dialog>
  );
}

function Row({ result, onLeave }: { result: Schemas["JobResult"]; onLeave: () => void }) {
  const nouns = useNouns();
  return (
    <li className={css.one}>
      {result.code === "gone" ? (
        <b>{`A deleted ${nouns.one}`}</b>
      ) : (
        <Link to="/contacts/$contactId" params={{ contactId: result.contact_id }} onClick={onLeave}>
          <Who id={result.contact_id} />
        </Link>
      )}
      <span className="muted">{whyWords(result)}</span>
    </li>
  );
}

function Who({ id }: { id: string }) {
  const nouns = useNouns();
  const name = useContactName(id);
  return name === undefined ? nouns.One : <Name>{name}</Name>;
}
