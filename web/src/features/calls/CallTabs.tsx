import { useMay } from "@/features/session/use";
import { PageHeader } from "@/ui/Panel";
import { TabLink, TabLinks } from "@/ui/Tabs";
import css from "./CallTabs.module.css";
import { useCallsUnderWay } from "./queries";

/** The head of all pages about calls. */
export function CallTabs() {
  const may = useMay();
  const under = useCallsUnderWay()?.length ?? 0;
  return (
    <>
      <PageHeader title="Calls" />
      <div className={css.tabs}>
        <TabLinks label="Calls">
          <TabLink to="/calls" activeOptions={{ exact: true }} count={under > 0 ? String(under) : undefined}>
            In progress and planned
          </TabLink>
          <TabLink to="/calls/campaigns">Campaigns</TabLink>
          <TabLink to="/calls/history">History</TabLink>
          {may("view_contacts") && <TabLink to="/calls/do-not-call">Do-not-call</TabLink>}
        </TabLinks>
      </div>
    </>
  );
}
