import { AxisBottom, AxisLeft } from "@visx/axis";
import { scaleBand, scaleLinear, scaleOrdinal } from "@visx/scale";
import { BarStack } from "@visx/shape";
import { useId } from "react";
import { remPixels, useWidth } from "@/lib/useWidth";
import css from "./chart.module.css";
import { axisLabels } from "./axis";
import { Patterns, type Pattern } from "./ChartPanel";

export interface Column {
  label: string;
  /** One number for each part, from the bottom up. */
  values: number[];
}

/** A column as the library takes it: its place, and a number under the name of each part. */
type Datum = Record<string, number> & { at: number };

/** At the usual size of the text; the room for words grows with it. */
const [HEIGHT, LEFT, BELOW, TOP] = [190, 34, 24, 8];

/** Counts over time, stacked, under a line that none may pass where there is one. Its numbers stand in the table beside it, so it is hidden from screen readers. */
export function Columns({ columns, parts, limit }: { columns: Column[]; parts: { name: string; look: Pattern }[]; limit?: number }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const size = remPixels() / 16;
  const [height, left, below, top] = [HEIGHT + BELOW * (size - 1), LEFT * size, BELOW * size, TOP * size];
  const id = useId();
  const most = Math.max(1, limit ?? 0, ...columns.map(({ values }) => values.reduce((sum, each) => sum + each, 0)));
  const x = scaleBand<number>({ domain: columns.map((_, at) => at), range: [left, Math.max(left + 1, width)], padding: columns.length > 20 ? 0.2 : 0.35 });
  const y = scaleLinear<number>({ domain: [0, most], range: [height - below, top], nice: true });
  const keys = parts.map((_, at) => String(at));
  const fill = scaleOrdinal<string, string>({ domain: keys, range: parts.map(({ look }) => `url(#${id}${look})`) });
  const { labelled, tight } = axisLabels({ count: columns.length, place: (at) => x(at) ?? 0, left, width, size });
  const data = columns.map(({ values }, at): Datum => ({ at, ...Object.fromEntries(values.map((value, part): [string, number] => [String(part), value])) }));
  return (
    <div ref={ref} className={css.chart}>
      {width > 0 && (
        <svg width={width} height={height} aria-hidden>
          <Patterns id={id} />
          {y.ticks(4).filter(Number.isInteger).map((tick) => (
            <line key={tick} x1={left} x2={width} y1={y(tick)} y2={y(tick)} className={css.grid} />
          ))}
          <BarStack data={data} keys={keys} x={(each) => each.at} xScale={x} yScale={y} color={fill}>
            {(stacks) =>
              stacks.flatMap((stack) =>
                stack.bars.filter((bar) => bar.height > 0).map((bar) => <rect key={`${String(stack.index)}-${String(bar.index)}`} x={bar.x} y={bar.y} width={bar.width} height={bar.height} fill={bar.color} className={css.edge} />),
              )
            }
          </BarStack>
          {limit !== undefined && <line x1={left} x2={width} y1={y(limit)} y2={y(limit)} className={css.limit} />}
          <AxisLeft left={left} scale={y} hideAxisLine hideTicks tickValues={y.ticks(4).filter(Number.isInteger)} tickFormat={(value) => Number(value).toLocaleString("en-GB")} tickClassName={css.tick} tickLabelProps={{ textAnchor: "end", dx: -6, dy: 4 }} />
          <AxisBottom top={height - below} scale={x} hideTicks axisLineClassName={css.axis} tickValues={labelled} tickFormat={(at) => columns[at]?.label ?? ""} tickClassName={css.tick} tickLabelProps={(at) => ({ textAnchor: at === columns.length - 1 && tight ? "end" : "middle", dy: 4 * size })} />
        </svg>
      )}
    </div>
  );
}
