import { baselineWords, type Cell, type CellMetric, type ComparisonAnalysis } from '../analysis/analyse.ts';
import { formatDifference, scaleFor } from '../model/format.ts';
import { CHART_CONFIG, type Chart } from './chart.ts';
import { isEqualWork, nameWithMark, perRequests, UNEQUAL_COLOUR, unequalSentence } from './panels.ts';

const METRICS = ['latency.p50', 'latency.p99', 'cpu.machine'];
const WORDS = {
  higher: 'adds',
  lower: 'saves',
  'no difference': 'makes no difference',
  unresolved: 'is unresolved',
  'cannot judge': 'cannot be judged',
} as const;

/** Forest plot: what each datapath adds to the baseline, with its interval; zero marked. */
export const differences: Chart = {
  id: 'differences',
  draw(comparison, analysis) {
    const panels = METRICS.flatMap((id) => panelOf(comparison, id));
    if (panels.length === 0) return undefined;
    const confidence = Math.round(analysis.confidence * 100);
    return {
      id: `differences-${comparison.workload}-${comparison.load}`,
      title: `What each datapath adds to ${baselineWords(comparison)}: ${comparison.workload}, ${comparison.load}`,
      sentence: `${sentenceOf(panels, baselineWords(comparison))}${unequalSentence(comparison)}`,
      table: {
        caption: `Difference to ${baselineWords(comparison)} in the same block, ${confidence} % interval over blocks`,
        columns: [
          { title: 'figure', align: 'left' },
          { title: 'datapath', align: 'left' },
          { title: 'difference', align: 'right' },
          { title: 'blocks', align: 'right' },
        ],
        rows: panels.flatMap(({ title, rows }) =>
          rows.map(({ arm, metric }) => [
            title,
            arm,
            formatDifference(metric.metric.unit, differenceOf(metric)),
            String(differenceOf(metric).n),
          ]),
        ),
      },
      spec: {
        $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
        config: CHART_CONFIG,
        hconcat: panels.map((panel, index) => panelSpec(panel, index === 0)),
        spacing: 24,
      },
    };
  },
};

interface Row {
  readonly arm: string;
  readonly equal: boolean;
  readonly metric: CellMetric;
}

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly factor: number;
  readonly rows: readonly Row[];
}

function panelOf(comparison: ComparisonAnalysis, id: string): Panel[] {
  const rows = comparison.cells.flatMap((cell: Cell) => {
    const metric = cell.metrics.find((candidate) => candidate.metric.id === id);
    return metric?.versus ? [{ arm: nameWithMark(comparison, cell), equal: isEqualWork(comparison, cell), metric }] : [];
  });
  const [first] = rows;
  if (!first) return [];
  const widest = Math.max(...rows.map(({ metric }) => Math.max(Math.abs(differenceOf(metric).low), Math.abs(differenceOf(metric).high))));
  const scale = scaleFor(first.metric.metric.unit, widest);
  return [{ title: first.metric.metric.title, unit: `${scale.unit}${perRequests(first.metric)}`, factor: scale.factor, rows }];
}

function differenceOf(metric: CellMetric) {
  if (!metric.versus) throw new Error('a row of the forest plot has a difference');
  return metric.versus.difference;
}

function panelSpec(panel: Panel, withNames: boolean) {
  const values = panel.rows.map(({ arm, equal, metric }) => {
    const { estimate, low, high } = differenceOf(metric);
    return { arm, equal, estimate: estimate / panel.factor, low: low / panel.factor, high: high / panel.factor };
  });
  const bounds = [0, ...values.flatMap(({ low, high }) => [low, high])];
  const [low, high] = [Math.min(...bounds), Math.max(...bounds)];
  const room = (high - low || 1) * 0.08;
  const y = {
    field: 'arm',
    type: 'nominal' as const,
    sort: null,
    axis: withNames ? { title: null, labelLimit: 220 } : { title: null, labels: false, ticks: false },
  };
  const scale = { domain: [low - room, high + room], nice: false };
  const color = { condition: { test: 'datum.equal', value: '#0072B2' }, value: UNEQUAL_COLOUR };
  const shape = { condition: { test: 'datum.equal', value: 'circle' }, value: 'diamond' };
  return {
    title: { text: panel.title, anchor: 'start' as const, fontSize: 12 },
    width: 190,
    height: { step: 34 },
    data: { values },
    layer: [
      { mark: { type: 'rule' as const, color: '#555', strokeDash: [4, 3] }, encoding: { x: { datum: 0, type: 'quantitative' as const } } },
      {
        mark: { type: 'rule' as const, strokeWidth: 2.5 },
        encoding: {
          y,
          color,
          x: { field: 'low', type: 'quantitative' as const, scale, axis: { title: panel.unit, tickCount: 4 } },
          x2: { field: 'high' },
        },
      },
      {
        mark: { type: 'point' as const, filled: true, size: 70 },
        encoding: { y, color, shape, x: { field: 'estimate', type: 'quantitative' as const } },
      },
    ],
  };
}

function sentenceOf(panels: readonly Panel[], baseline: string): string {
  const parts = panels.flatMap(({ title, rows }) =>
    rows.map(({ arm, metric }) => {
      const verdict = metric.versus?.verdict ?? 'unresolved';
      const size = formatDifference(metric.metric.unit, differenceOf(metric));
      return `${arm} ${WORDS[verdict]} in ${title} (${size})`;
    }),
  );
  return `Against ${baseline}: ${parts.join('; ')}.`;
}
