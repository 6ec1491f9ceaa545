import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect, useRouterState, type ErrorComponentProps } from "@tanstack/react-router";
import { useEffect } from "react";
import { readListSearch } from "./features/contacts/filters";
import { readGroupsSearch } from "./features/groups/view";
import { startPage } from "./features/preferences/look";
import { isOpen } from "./features/session/open";
import { SignInPage } from "./features/session/SignIn";
import { Starting } from "./features/session/Starting";
import { useSession } from "./features/session/use";
import { Shell } from "./features/shell/Shell";
import { useNouns } from "./features/session/business";
import { loadCalendar } from "./ui/calendar";
import { Toasts } from "./ui/toast";
import { Empty, ErrorNote } from "./ui/Notes";

function Root() {
  const { status } = useSession();
  // What is shown decides, not where a navigation is going: a page is never shown to somebody who is not signed in.
  const open = useRouterState({ select: (state) => isOpen((state.matches.at(-1) ?? state.location).pathname) });
  return (
    <>
      {open ? <Outlet /> : status === "starting" ? <Starting /> : status === "out" ? <SignInPage /> : <Frame />}
      <Toasts />
    </>
  );
}

/** The title names the page and never a person. */
function Frame() {
  const first = useRouterState({ select: (state) => state.location.pathname.split("/")[1] ?? "" });
  const nouns = useNouns();
  useEffect(() => {
    const names: Record<string, string> = { today: "Today", contacts: nouns.Many, groups: "Groups", calls: "Calls", settings: "Settings", account: "Your account" };
    document.title = `${names[first] ?? "Console"} · VioConcierge`;
  }, [first, nouns]);
  return <Shell />;
}

function Missing() {
  return (
    <Empty title="There is nothing at this address">
      The link may be old. Use the menu, or search with Ctrl K.
    </Empty>
  );
}

function Broken({ error, reset }: ErrorComponentProps) {
  return <ErrorNote error={error} what="This page could not be shown. Nothing was changed." retry={reset} />;
}

const root = createRootRoute({ component: Root, notFoundComponent: Missing });

type Load = () => Promise<{ default: React.ComponentType }>;
/** First what pages bring in when it is asked for. */
const loads: (() => Promise<unknown>)[] = [loadCalendar, () => import("./features/contacts/Between")];

function lazily(load: Load) {
  loads.push(load);
  return lazyRouteComponent(load);
}

/** Fetches the code of all pages, one by one: a page opens at once then, without a connection too. */
export async function fetchPages(): Promise<void> {
  for (const load of loads) await load().catch(() => null);
}

const page = <P extends string>(path: P, load: Load) => createRoute({ getParentRoute: () => root, path, component: lazily(load), errorComponent: Broken });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: Outlet,
  beforeLoad: () => {
    // The router takes a redirect that is thrown.
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw redirect({ to: startPage() });
  },
});

const contacts = createRoute({
  getParentRoute: () => root,
  path: "/contacts",
  component: lazily(() => import("./features/contacts/ContactsPage")),
  errorComponent: Broken,
  validateSearch: readListSearch,
});

const groups = createRoute({
  getParentRoute: () => root,
  path: "/groups",
  component: lazily(() => import("./features/groups/GroupsPage")),
  errorComponent: Broken,
  validateSearch: readGroupsSearch,
});

const compare = createRoute({
  getParentRoute: () => root,
  path: "/groups/compare",
  component: lazily(() => import("./features/groups/ComparePage")),
  errorComponent: Broken,
  validateSearch: (raw: Record<string, unknown>): { ids?: string[]; days?: 7 | 30 | 90 | 365 } => {
    const ids = Array.isArray(raw.ids) ? raw.ids.filter((each): each is string => typeof each === "string" && /^[0-9a-f-]{36}$/.test(each)) : [];
    const days = ([7, 30, 90, 365] as const).find((each) => each === raw.days);
    return { ...(ids.length > 0 && { ids }), ...(days && { days }) };
  },
});

const duplicates = createRoute({
  getParentRoute: () => root,
  path: "/contacts/duplicates",
  component: lazily(() => import("./features/contacts/duplicates/DuplicatesPage")),
  errorComponent: Broken,
  validateSearch: (raw: Record<string, unknown>): { of?: string; relation?: "household" } => ({
    ...(typeof raw.of === "string" && /^[0-9a-f-]{36}$/.test(raw.of) && { of: raw.of }),
    ...(raw.relation === "household" && { relation: raw.relation }),
  }),
});

/** What another page may ask a record to do when it opens. */
const ACTS = ["call", "edit", "move", "groups"] as const;

const record = <P extends string>(path: P) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazily(() => import("./features/contacts/record/RecordPage")),
    errorComponent: Broken,
    validateSearch: (raw: Record<string, unknown>): { do?: (typeof ACTS)[number] } => {
      const act = ACTS.find((each) => each === raw.do);
      return act ? { do: act } : {};
    },
  });

const routes = root.addChildren([
  home,
  page("/today", () => import("./features/today/TodayPage")),
  contacts,
  page("/contacts/new", () => import("./features/contacts/NewContactPage")),
  page("/contacts/deleted", () => import("./features/contacts/DeletedPage")),
  duplicates,
  record("/contacts/$contactId"),
  record("/contacts/$contactId/$tab"),
  groups,
  compare,
  page("/groups/$groupId", () => import("./features/groups/GroupPage")),
  page("/groups/$groupId/$tab", () => import("./features/groups/GroupPage")),
  page("/calls", () => import("./features/calls/CallsPage")),
  page("/calls/history", () => import("./features/calls/HistoryPage")),
  page("/calls/campaigns", () => import("./features/campaigns/CampaignsPage")),
  page("/calls/campaigns/$campaignId", () => import("./features/campaigns/CampaignPage")),
  page("/calls/do-not-call", () => import("./features/dnc/DncPage")),
  page("/settings", () => import("./features/settings/SettingsPage")),
  page("/settings/$section", () => import("./features/settings/SettingsPage")),
  page("/forgot", () => import("./features/session/ForgotPage")),
  page("/reset", () => import("./features/session/ResetPage")),
  page("/invite", () => import("./features/session/InvitePage")),
  page("/account", () => import("./features/settings/AccountPage")),
  page("/account/$section", () => import("./features/settings/AccountPage")),
]);

export const router = createRouter({ routeTree: routes, defaultPreload: "intent", scrollRestoration: true, defaultNotFoundComponent: Missing });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
