import { AxisBottom, AxisLeft } from "@visx/axis";
import { scaleLinear, scalePoint } from "@visx/scale";
import { LinePath } from "@visx/shape";
import { remPixels, useWidth } from "@/lib/useWidth";
import { axisLabels } from "./axis";
import css from "./chart.module.css";

export interface Line {
  name: string;
  color: string;
  /** Per cent, or nothing where there was nothing to count. */
  values: (number | null)[];
}

/** At the usual size of the text; the room for words grows with it. */
const [HEIGHT, LEFT, BELOW, TOP] = [220, 44, 24, 10];
const DASHES = ["0", "7 4", "2 4", "10 4 2 4", "14 5"];

export const dashOf = (place: number): string => DASHES[place % DASHES.length] ?? "0";

/** A line's sample for its legend. */
export function Sample({ color, place }: { color: string; place: number }) {
  return (
    <svg width="30" height="10" viewBox="0 0 30 10" aria-hidden>
      <line x1="0" x2="30" y1="5" y2="5" stroke={color} strokeWidth="3" strokeDasharray={dashOf(place)} />
      <Mark place={place} x={15} y={5} color={color} />
    </svg>
  );
}

/** Each line has a mark of its own, so that no colour is needed to follow it. */
function Mark({ place, x, y, color }: { place: number; x: number; y: number; color: string }) {
  const shape = place % 4;
  const props = { fill: color, className: css.edge };
  if (shape === 0) return <circle cx={x} cy={y} r="4" {...props} />;
  if (shape === 1) return <rect x={x - 3.5} y={y - 3.5} width="7" height="7" {...props} />;
  if (shape === 2) return <path d={`M${String(x)} ${String(y - 4.5)} l4.5 8 h-9 z`} {...props} />;
  return <path d={`M${String(x)} ${String(y - 5)} l5 5 l-5 5 l-5 -5 z`} {...props} />;
}

/** Rates over time side by side. Its numbers stand in the table beside it, so it is hidden from screen readers. */
export function Lines({ lines, labels }: { lines: Line[]; labels: string[] }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const size = remPixels() / 16;
  const [height, left, below, top] = [HEIGHT + BELOW * (size - 1), LEFT * size, BELOW * size, TOP * size];
  const x = scalePoint<number>({ domain: labels.map((_, at) => at), range: [left + 8, Math.max(left + 9, width - 10)] });
  const y = scaleLinear<number>({ domain: [0, 100], range: [height - below, top] });
  const place = (at: number) => x(at) ?? 0;
  const { labelled, tight } = axisLabels({ count: labels.length, place, left, width, size });
  return (
    <div ref={ref} className={css.chart}>
      {width > 0 && (
        <svg width={width} height={height} aria-hidden>
          {[0, 25, 50, 75, 100].map((tick) => (
            <line key={tick} x1={left} x2={width} y1={y(tick)} y2={y(tick)} className={css.grid} />
          ))}
          {lines.map((line, number) => {
            const points = line.values.map((value, at) => ({ at, value }));
            return (
              <g key={line.name}>
                <LinePath data={points} x={(each) => place(each.at)} y={(each) => y(each.value ?? 0)} defined={(each) => each.value !== null} stroke={line.color} strokeWidth={2.5} strokeDasharray={dashOf(number)} />
                {points.map((each) => each.value !== null && <Mark key={each.at} place={number} x={place(each.at)} y={y(each.value)} color={line.color} />)}
              </g>
            );
          })}
          <AxisLeft left={left} scale={y} hideAxisLine hideTicks tickValues={[0, 25, 50, 75, 100]} tickFormat={(value) => `${String(value)}%`} tickClassName={css.tick} tickLabelProps={{ textAnchor: "end", dx: -6, dy: 4 }} />
          <AxisBottom top={height - below} scale={x} hideTicks axisLineClassName={css.axis} tickValues={labelled} tickFormat={(at) => labels[at] ?? ""} tickClassName={css.tick} tickLabelProps={(at) => ({ textAnchor: at === labels.length - 1 && tight ? "end" : "middle", dy: 4 * size })} />
        </svg>
      )}
    </div>
  );
}
