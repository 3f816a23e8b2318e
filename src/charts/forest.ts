import { baselineWords, type Cell, type CellMetric, type ComparisonAnalysis } from '../analysis/analyse.ts';
import { PRIMARY } from '../analysis/metrics.ts';
import { formatRatioInterval } from '../model/format.ts';
import { CHART_CONFIG, type Chart } from './chart.ts';
import { isEqualWork, logTicks, metricOf, nameWithMark, UNEQUAL_COLOUR, unequalSentence } from './panels.ts';

const FIGURES = ['capacity', ...PRIMARY];
/** Of the domain, so that no interval touches the edge. */
const ROOM = 1.15;
/** An interval that reaches further than this bounds nothing; it ends at the edge. */
const FURTHEST = 30;

interface Row {
  readonly figure: string;
  readonly name: string;
  readonly equal: boolean;
  readonly metric: CellMetric;
  readonly ratio: NonNullable<NonNullable<CellMetric['versus']>['ratio']>;
}

/** Forest plot: how many times the baseline, figure by datapath, with the band inside of which a difference does not matter. */
export const forest: Chart = {
  id: 'forest',
  draw(comparison, { margin, confidence }) {
    const rows = FIGURES.flatMap((id) => comparison.cells.flatMap((cell) => rowOf(comparison, cell, id)));
    if (rows.length === 0) return undefined;
    const percent = Math.round(confidence * 100);
    return {
      id: `forest-${comparison.workload}-${comparison.load}`,
      title: `How many times ${baselineWords(comparison)}: ${comparison.workload}, ${comparison.load}`,
      sentence: `Ratios with ${percent} % intervals; the band is ±${(margin * 100).toFixed(0)} %, inside of which a difference does not matter here. ${told(rows)}${unequalSentence(comparison)}`,
      table: {
        caption: `Ratio to ${baselineWords(comparison)} in the same block, ${percent} % interval over blocks`,
        columns: [
          { title: 'figure', align: 'left' },
          { title: 'datapath', align: 'left' },
          { title: 'ratio', align: 'right' },
          { title: 'verdict', align: 'left' },
        ],
        rows: rows.map(({ figure, name, ratio, metric }) => [figure, name, formatRatioInterval(ratio), metric.versus?.verdict ?? '']),
      },
      spec: specOf(rows, margin),
    };
  },
};

function rowOf(comparison: ComparisonAnalysis, cell: Cell, id: string): Row[] {
  const metric = metricOf(cell, id);
  const ratio = metric?.versus?.ratio;
  if (!metric || !ratio) return [];
  return [{ figure: metric.metric.title, name: nameWithMark(comparison, cell), equal: isEqualWork(comparison, cell), metric, ratio }];
}

function told(rows: readonly Row[]): string {
  return `${rows.map(({ figure, name, ratio }) => `${name}, ${figure}: ${formatRatioInterval(ratio)}`).join('; ')}.`;
}

function specOf(rows: readonly Row[], margin: number) {
  const estimates = rows.map(({ ratio }) => ratio.estimate);
  const least = Math.max(Math.min(...rows.map(({ ratio }) => ratio.low)), Math.min(1, ...estimates) / FURTHEST);
  const most = Math.min(Math.max(...rows.map(({ ratio }) => ratio.high)), Math.max(1, ...estimates) * FURTHEST);
  const [low, high] = [Math.min(1 / (1 + margin), least) / ROOM, Math.max(1 + margin, most) * ROOM];
  const figures = [...Map.groupBy(rows, ({ figure }) => figure)];
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json' as const,
    config: CHART_CONFIG,
    spacing: 4,
    vconcat: figures.map(([figure, own], index) => panelSpec(figure, own, [low, high], margin, index === figures.length - 1)),
  };
}

function panelSpec(figure: string, rows: readonly Row[], domain: readonly [number, number], margin: number, isLast: boolean) {
  const values = rows.map(({ name, equal, ratio: { estimate, low, high } }) => ({ name, equal, estimate, low, high }));
  const x = {
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain: [...domain], nice: false, clamp: true },
    axis: isLast
      ? { title: 'times the baseline (logarithmic)', format: '~r', values: logTicks(...domain) }
      : { title: null, labels: false, ticks: false, values: logTicks(...domain) },
  };
  const y = { field: 'name', type: 'nominal' as const, sort: null, axis: { title: null, labelLimit: 180, minExtent: 130 } };
  const color = { condition: { test: 'datum.equal', value: '#0072B2' }, value: UNEQUAL_COLOUR };
  const band = [{ from: 1 / (1 + margin), to: 1 + margin }];
  return {
    title: { text: figure, anchor: 'start' as const, fontSize: 12 },
    width: 520,
    height: { step: 22 },
    data: { values },
    layer: [
      {
        data: { values: band },
        mark: { type: 'rect' as const, color: '#009E73', opacity: 0.15 },
        encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' } },
      },
      { mark: { type: 'rule' as const, color: '#555', strokeDash: [4, 3] }, encoding: { x: { ...x, datum: 1 } } },
      { mark: { type: 'rule' as const, strokeWidth: 2.5 }, encoding: { y, color, x: { ...x, field: 'low' }, x2: { field: 'high' } } },
      {
        mark: { type: 'point' as const, filled: true, size: 60 },
        encoding: {
          y,
          color,
          x: { ...x, field: 'estimate' },
          shape: { condition: { test: 'datum.equal', value: 'circle' }, value: 'diamond' },
        },
      },
    ],
  };
}
