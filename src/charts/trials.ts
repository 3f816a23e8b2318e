import type { ComparisonAnalysis } from '../analysis/analyse.ts';
import { formatValue, scaleFor } from '../model/format.ts';
import { CHART_CONFIG, type Chart } from './chart.ts';
import { metricOf, perRequests, seriesEncoding } from './panels.ts';

const FIGURES = ['latency.p50', 'latency.p99', 'cpu.machine'];

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly values: readonly { readonly arm: string; readonly block: number; readonly value: number }[];
}

/** One dot a block: how far the repetitions lie apart, in the order in which they were measured. */
export const trials: Chart = {
  id: 'trials',
  draw(comparison) {
    const panels = FIGURES.flatMap((id) => panelOf(comparison, id));
    if (panels.length === 0) return undefined;
    const arms = comparison.cells.map(({ arm }) => arm);
    return {
      id: `trials-${comparison.workload}-${comparison.load}`,
      title: `Every block: ${comparison.workload}, ${comparison.load}`,
      sentence: 'Each dot is what one datapath showed in one block. Blocks are the sample: intervals come from how far they lie apart.',
      table: {
        caption: 'Lowest, middle and highest block of each datapath',
        columns: [
          { title: 'figure', align: 'left' },
          { title: 'datapath', align: 'left' },
          ...['blocks', 'lowest', 'middle', 'highest'].map((title) => ({ title, align: 'right' as const })),
        ],
        rows: FIGURES.flatMap((id) =>
          comparison.cells.flatMap((cell) => {
            const metric = metricOf(cell, id);
            const sorted = (metric?.blocks ?? []).map(([, value]) => value).sort((a, b) => a - b);
            if (!metric || sorted.length === 0) return [];
            const shown = [sorted[0], sorted[Math.floor((sorted.length - 1) / 2)], sorted.at(-1)];
            return [
              [
                `${metric.metric.title}${perRequests(metric)}`,
                cell.arm,
                String(sorted.length),
                ...shown.map((value) => formatValue(metric.metric.unit, value ?? Number.NaN)),
              ],
            ];
          }),
        ),
      },
      spec: {
        $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
        config: CHART_CONFIG,
        hconcat: panels.map((panel) => panelSpec(panel, arms)),
        spacing: 24,
      },
    };
  },
};

function panelOf({ cells }: ComparisonAnalysis, id: string): Panel[] {
  const found = cells.flatMap((cell) => {
    const metric = metricOf(cell, id);
    return metric ? [{ arm: cell.arm, metric }] : [];
  });
  const [first] = found;
  const highest = Math.max(...found.flatMap(({ metric }) => metric.blocks.map(([, value]) => Math.abs(value))));
  if (!first || !Number.isFinite(highest)) return [];
  const scale = scaleFor(first.metric.metric.unit, highest);
  const values = found.flatMap(({ arm, metric }) => metric.blocks.map(([block, value]) => ({ arm, block, value: value / scale.factor })));
  return [{ title: first.metric.metric.title, unit: `${scale.unit}${perRequests(first.metric)}`, values }];
}

function panelSpec({ title, unit, values }: Panel, arms: readonly string[]) {
  const { color, shape } = seriesEncoding(arms);
  return {
    title: { text: title, anchor: 'start' as const, fontSize: 12 },
    width: 190,
    height: 160,
    data: { values },
    mark: { type: 'point' as const, filled: true, size: 45 },
    encoding: {
      x: { field: 'block', type: 'quantitative' as const, axis: { title: 'block', tickMinStep: 1, format: 'd' } },
      y: { field: 'value', type: 'quantitative' as const, scale: { zero: false }, axis: { title: unit, tickCount: 5 } },
      color,
      shape,
    },
  };
}
