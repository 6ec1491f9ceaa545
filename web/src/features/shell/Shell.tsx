import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { CircleHelp, Ellipsis, Eye, EyeOff, LogOut, Palette, PanelLeftClose, PanelLeftOpen, PhoneCall, Search, UserRound, WifiOff } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { useOfflineSince } from "@/api/connection";
import { every, polling, startLive } from "@/api/live";
import { isTold, pushed } from "@/api/socket";
import { signOut } from "@/api/session";
import { useGiven } from "@/features/attention/given";
import { useOpenWork } from "@/features/attention/queries";
import { CallMeter } from "@/features/calls/CallMeter";
import { CallsPanel } from "@/features/calls/CallsPanel";
import { PausedStrip, usePaused } from "@/features/calls/PausedStrip";
import { Bell } from "@/features/notifications/Bell";
import { openCalls, useFollowed } from "@/features/calls/follow";
import { useCallsUnderWay } from "@/features/calls/queries";
import { toggleHidden, useChosenHidden, useHideWhenLeft } from "@/features/preferences/hidden";
import { useReveal } from "@/features/preferences/reveal";
import { setLook, useLook } from "@/features/preferences/look";
import { KeepPreferences } from "@/features/preferences/Keep";
import { SessionWatch } from "@/features/session/Watch";
import { useBusiness, useNouns, useZone } from "@/features/session/business";
import { useMay, useMe } from "@/features/session/use";
import { useProblems } from "@/features/settings/problems";
import { clock } from "@/lib/time";
import { useNarrow } from "@/lib/useNarrow";
import { initials, number } from "@/lib/words";
import { Avatar, Count, Problem } from "@/ui/Badge";
import { Button, IconButton } from "@/ui/Button";
import { Kbd } from "@/ui/Kbd";
import { Menu } from "@/ui/Menu";
import { Whole } from "@/ui/Whole";
import { cx } from "@/ui/cx";
import { useSay } from "@/ui/say";
import { BackgroundWork } from "./BackgroundWork";
import { LivePill } from "./LivePill";
import css from "./Shell.module.css";
import { useEntries, type Entry } from "./nav";
import { SavedLists } from "./SavedLists";
import { useShortcuts } from "./shortcuts";
import { useRail } from "./useRail";

const CommandPalette = lazy(() => import("./CommandPalette"));
const ShortcutHelp = lazy(() => import("./ShortcutHelp"));

/** The frame of every page: menu, search, live state, calling, and the page. */
export function Shell() {
  const client = useQueryClient();
  const entries = useEntries();
  const navigate = useNavigate();
  const may = useMay();
  const nouns = useNouns();
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const rail = useRail();
  const phone = useNarrow("48rem");
  const paused = usePaused();
  const { fresh } = useLook();
  useEffect(() => (fresh === "live" ? startLive(client, pushed, polling(isTold)) : startLive(client, ...(fresh === "0" ? [] : [every(Number(fresh) * 1000)]))), [client, fresh]);

  const shortcuts = useMemo(
    () => ({
      "ctrl+k": () => setPalette(true),
      "ctrl+shift+h": toggleHidden,
      "?": () => setHelp(true),
      ...Object.fromEntries(entries.map((entry) => [`g ${entry.key}`, () => void navigate({ to: entry.to })])),
      ...(may("create_contacts") && { n: () => void navigate({ to: "/contacts/new" }) }),
    }),
    [entries, navigate, may],
  );
  useShortcuts(shortcuts);
  useHideWhenLeft();
  useReveal();
  useFocusOnNavigation();
  useGiven();
  const { followed, open } = useFollowed();

  return (
    <div className={cx(css.shell, rail && css.rail, phone && paused && css.paused)}>
      <a href="#main" className={css.skip}>
        Skip to the page
      </a>
      <Sidebar entries={entries} rail={rail} />
      <div className={css.column}>
        <header className={cx(css.top, "no-print")}>
          <button type="button" className={css.search} onClick={() => setPalette(true)}>
            <Search size={17} aria-hidden />
            <span className={css.searchText}>
              Search {nouns.many}
              <span className={css.wideOnly}>, or type a command</span>
            </span>
            <Kbd>Ctrl K</Kbd>
          </button>
          <div className={css.tools}>
            {rail && !phone && <PausedStrip place="top" />}
            {followed.length > 0 && !open && (
              <Button small icon={PhoneCall} onPress={() => openCalls(true)}>
                {`Your calls ${String(followed.length)}`}
              </Button>
            )}
            <LivePill />
            <HideDetails />
            <BackgroundWork />
            <Bell />
            <span className={css.wideOnly}>
              <IconButton icon={CircleHelp} label="Keyboard shortcuts" onPress={() => setHelp(true)} />
            </span>
            <Account />
          </div>
        </header>
        <OfflineStrip />
        <div className={cx(css.work, open && followed.length > 0 && css.beside)}>
          <main id="main" className={css.main} tabIndex={-1}>
            <Outlet />
            <Whole />
          </main>
          <aside className={cx(css.aside, "no-print")} aria-label="Your calls">
            <CallsPanel />
          </aside>
        </div>
      </div>
      {phone && <PausedStrip place="tabs" />}
      <BottomTabs entries={entries} />
      <Suspense fallback={null}>
        {palette && <CommandPalette onClose={() => setPalette(false)} />}
        {help && <ShortcutHelp onClose={() => setHelp(false)} />}
      </Suspense>
      <SessionWatch />
      <KeepPreferences />
    </div>
  );
}

/** After a change of page the focus goes to it, so that screen readers and keys begin there. */
function useFocusOnNavigation(): void {
  const path = useRouterState({ select: (state) => state.location.pathname.split("/").slice(0, 3).join("/") });
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    if (document.activeElement === null || document.activeElement === document.body || document.activeElement.closest("nav")) document.getElementById("main")?.focus({ preventScroll: true });
  }, [path]);
}

function useBadges(): Partial<Record<Entry["to"], React.ReactNode>> {
  const { total: work, counted } = useOpenWork();
  const calls = useCallsUnderWay()?.length ?? 0;
  const problem = useProblems().integrations;
  return {
    "/today": work > 0 && <Count value={counted ? number(work) : `${number(work)}+`} tone="attention" />,
    "/calls": calls > 0 && <Count value={calls} tone="calling" />,
    "/settings": problem && <Problem words={problem} />,
  };
}

function Sidebar({ entries, rail }: { entries: Entry[]; rail: boolean }) {
  const business = useBusiness().data;
  const badges = useBadges();
  return (
    <aside className={cx(css.sidebar, "no-print")} aria-label="Menu and calling">
      <div className={css.brand}>
        <img src="/icon.svg" alt="" width="32" height="32" />
        <span className={css.brandName}>
          <b className="truncate">{business ? (business.business_trading_name ?? business.company_legal_name) : " "}</b>
        </span>
      </div>
      <nav aria-label="Main" className={css.nav}>
        {entries.map(({ to, name, icon: Icon }) => (
          <Link key={to} to={to} className={css.entry} activeProps={{ className: cx(css.entry, css.active), "aria-current": "page" }} preload="intent" {...(rail && { title: name })}>
            <Icon size={18} aria-hidden />
            <span className={css.entryName}>{name}</span>
            {badges[to] && <span className={css.badge}>{badges[to]}</span>}
          </Link>
        ))}
      </nav>
      <SavedLists />
      <div className={css.foot}>{!rail && <CallMeter />}</div>
      <IconButton icon={rail ? PanelLeftOpen : PanelLeftClose} label={rail ? "Show the menu's words" : "Show the menu's icons alone"} onPress={() => setLook({ menu: rail ? "words" : "icons" })} />
    </aside>
  );
}

function BottomTabs({ entries }: { entries: Entry[] }) {
  const badges = useBadges();
  const order: Entry["to"][] = ["/today", "/contacts", "/calls", "/groups", "/settings"];
  const shown = order.map((to) => entries.find((each) => each.to === to)).filter((each): each is Entry => each !== undefined);
  return (
    <nav aria-label="Main" className={cx(css.tabs, "no-print")}>
      {shown.map(({ to, name, icon: Icon }) => (
        <Link key={to} to={to} className={css.tab} activeProps={{ className: cx(css.tab, css.tabActive), "aria-current": "page" }}>
          <span className={css.tabIcon}>
            {to === "/settings" ? <Ellipsis size={20} aria-hidden /> : <Icon size={20} aria-hidden />}
            {badges[to] && <span className={css.tabBadge}>{badges[to]}</span>}
          </span>
          {to === "/settings" ? "More" : name}
        </Link>
      ))}
    </nav>
  );
}

function HideDetails() {
  const hidden = useChosenHidden();
  return <IconButton icon={hidden ? EyeOff : Eye} label={hidden ? "Show details" : "Hide details"} aria-pressed={hidden} onPress={toggleHidden} />;
}

function Account() {
  const me = useMe();
  const navigate = useNavigate();
  return (
    <Menu
      label="Your account"
      trigger={
        <AriaButton className={css.account} aria-label={`${initials(me.full_name)}, your account`}>
          <Avatar text={initials(me.full_name)} />
        </AriaButton>
      }
      actions={[
        { id: "account", name: "Profile and security", icon: UserRound, run: () => void navigate({ to: "/account" }) },
        { id: "look", name: "Look", icon: Palette, run: () => void navigate({ to: "/account/$section", params: { section: "look" } }) },
        { id: "out", name: "Sign out", icon: LogOut, run: () => void signOut() },
      ]}
    />
  );
}

function OfflineStrip() {
  const since = useOfflineSince();
  const zone = useZone();
  useSay("connection", since ? "No connection. Nothing can be changed until it is back." : "");
  if (!since) return null;
  return (
    <section aria-label="Connection" className={css.offline}>
      <WifiOff size={16} aria-hidden /> No connection since {clock(since, zone)}. You see what was here then: it may be out of date. Nothing can be changed until the connection is back.
    </section>
  );
}
