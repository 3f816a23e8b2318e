import type { Cell } from '../analysis/analyse.ts';
import { formatValue, scaleFor, significant } from '../model/format.ts';
import { CHART_CONFIG, type Chart } from './chart.ts';
import { logTicks, seriesEncoding } from './panels.ts';

const MARKED = [0, 0.5, 0.9, 0.99, 0.999, 0.9999];

/** The tail: latency over 1/(1-p), both logarithmic, up to the last percentile that the samples carry. */
export const percentileCurve: Chart = {
  id: 'percentile-curve',
  draw(comparison) {
    const cells = comparison.cells.filter((cell) => cell.curve.length > 0);
    if (cells.length === 0) return undefined;
    const shares = MARKED.filter((share) => cells.some((cell) => cell.curve.some((point) => point.share === share)));
    return {
      id: `percentiles-${comparison.workload}-${comparison.load}`,
      title: `Latency by percentile: ${comparison.workload}, ${comparison.load}`,
      sentence: `All requests of all valid blocks together, to show the shape; the intervals come from the blocks. ${lastPoints(cells)}`,
      table: {
        caption: 'Latency by percentile, all blocks together, before masking; in brackets the sampling error alone (blocks differ by more)',
        columns: [{ title: 'datapath', align: 'left' }, ...shares.map((share) => ({ title: nameOf(share), align: 'right' as const }))],
        rows: cells.map((cell) => [cell.arm, ...shares.map((share) => at(cell, share))]),
      },
      spec: specOf(cells),
    };
  },
};

function nameOf(share: number): string {
  return share === 0 ? 'least' : `p${Number((share * 100).toFixed(2))}`;
}

function at(cell: Cell, share: number): string {
  const point = cell.curve.find((candidate) => candidate.share === share);
  if (!point) return 'too few samples';
  const scale = scaleFor('ns', point.ns);
  const bare = (ns: number) => significant(ns / scale.factor);
  const sampling = point.lowNs === undefined || point.highNs === undefined ? '' : ` [${bare(point.lowNs)}, ${bare(point.highNs)}]`;
  return `${formatValue('ns', point.ns)}${sampling}`;
}

function lastPoints(cells: readonly Cell[]): string {
  const parts = cells.map((cell) => {
    const last = cell.curve.at(-1);
    return last ? `${cell.arm} reaches ${formatValue('ns', last.ns)} at ${nameOf(last.share)}` : '';
  });
  return `${parts.join(', ')}.`;
}

function specOf(cells: readonly Cell[]) {
  const values = cells.flatMap((cell) => cell.curve.map(({ share, ns }) => ({ arm: cell.arm, inverse: 1 / (1 - share), ms: ns / 1e6 })));
  const arms = cells.map((cell) => cell.arm);
  const furthest = Math.max(...values.map(({ inverse }) => inverse));
  const latencies = values.map(({ ms }) => ms);
  const domain = [Math.min(...latencies) * 0.9, Math.max(...latencies) * 1.1] as const;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json' as const,
    config: CHART_CONFIG,
    width: 600,
    height: 280,
    data: { values },
    mark: { type: 'line' as const, point: { size: 40, filled: true }, strokeWidth: 2 },
    encoding: {
      x: {
        field: 'inverse',
        type: 'quantitative' as const,
        scale: { type: 'log' as const, domain: [1, furthest * 1.1], nice: false },
        axis: { title: 'percentile', values: [1, 2, 10, 100, 1000, 10_000], labelExpr: "format(100 - 100 / datum.value, '~r') + ' %'" },
      },
      y: {
        field: 'ms',
        type: 'quantitative' as const,
        scale: { type: 'log' as const, domain: [...domain], nice: false },
        axis: { title: 'latency (ms)', values: logTicks(...domain), format: '~r' },
      },
      ...seriesEncoding(arms),
    },
  };
}
