import { Check, CircleAlert, X } from "lucide-react";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { number } from "@/lib/words";
import { IconButton } from "./Button";
import { forgetSaid, onSaid, say, saidNow } from "./say";
import css from "./toast.module.css";
import { cx } from "./cx";

interface Shown {
  id: number;
  text: string;
  bad: boolean;
  times: number;
}

let shown: Shown[] = [];
let last = 0;
const listeners = new Set<() => void>();

function put(next: Shown[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

/** Says that something is done. Refusals are said where the work is, not here. */
export function toast(text: string, bad = false): void {
  show(text, bad);
  say(text);
}

/** Shows a message without reading it out: news of what others did. */
export function show(text: string, bad = false): void {
  // The same again, as when a campaign is answered, stays one line and counts.
  const before = shown.find((each) => each.text === text && each.bad === bad);
  const others = shown.filter((each) => each !== before);
  put([...others.slice(-2), { id: (last += 1), text, bad, times: (before?.times ?? 0) + 1 }]);
}

type Place = "top_right" | "top_left" | "bottom_right" | "bottom_left";

const CORNERS: Record<Place, string | undefined> = { top_right: css.topRight, top_left: css.topLeft, bottom_right: css.bottomRight, bottom_left: css.bottomLeft };

/** In which corner messages appear, and for how many seconds; 0 until somebody closes them (S3 `notification_display`). */
let place: Place = "top_right";
let seconds = 5;

export function placeToasts(nextPlace: string, nextSeconds: number): void {
  place = nextPlace as Place;
  seconds = nextSeconds;
  put([...shown]);
}

export function forgetToasts(): void {
  put([]);
  forgetSaid();
}

const drop = (id: number) => put(shown.filter((each) => each.id !== id));

export function Toasts() {
  const list = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
  return (
    <>
      <section className={cx(css.region, CORNERS[place], "no-print")} {...(list.length > 0 && { "aria-label": "Messages of the page" })}>
        {list.map((each) => (
          <Toast key={each.id} toast={each} />
        ))}
      </section>
      <Said />
    </>
  );
}

const regions = new WeakMap<Element, HTMLElement>();

/** The one region of the console that is read out by itself; a dialog over the page does not silence it. It is apart from the page, whose words would be found, copied and translated twice. */
function Said() {
  const host = useRef<HTMLDivElement>(null);
  const said = useSyncExternalStore(onSaid, saidNow);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let region = regions.get(element);
    if (!region) {
      region = document.createElement("p");
      region.setAttribute("role", "status");
      element.attachShadow({ mode: "closed" }).append(region);
      regions.set(element, region);
    }
    region.textContent = said;
  }, [said]);
  return <div ref={host} className="hidden-visually no-print" data-live-announcer="true" />;
}

function Toast({ toast: { id, text, bad, times } }: { toast: Shown }) {
  useEffect(() => {
    if (seconds === 0) return;
    const timer = setTimeout(() => drop(id), seconds * 1000);
    return () => clearTimeout(timer);
  }, [id]);
  return (
    <div className={css.toast}>
      {bad ? <CircleAlert size={17} aria-hidden /> : <Check size={17} aria-hidden />}
      <span>
        {text}
        {times > 1 && <b className="num">{` ${number(times)} times`}</b>}
      </span>
      <IconButton icon={X} label="Close message" look="dock" onPress={() => drop(id)} />
    </div>
  );
}
