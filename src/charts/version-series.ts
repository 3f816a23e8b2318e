/** A figure over versions: every run a point with its interval, changes marked. Not of a single run, hence not in the registry. */
import type { Interval } from '../analysis/statistics/interval.ts';
import { directionOf, type Step, type TrackPoint } from '../analysis/track.ts';
import { formatEstimate, formatRatioInterval, scaleFor } from '../model/format.ts';
import { CHART_CONFIG, type DrawnChart } from './chart.ts';

export function versionSeries(
  name: string,
  versions: readonly string[],
  points: readonly TrackPoint[],
  steps: readonly Step[],
  margin: number,
): DrawnChart {
  const [first] = points as [TrackPoint, ...TrackPoint[]];
  const drawn = amountsOf(points);
  const changes = steps.filter(({ outcome }) => outcome === 'change');
  const { metric, workload, load } = first;
  const told =
    changes.length === 0
      ? 'No confirmed change.'
      : changes
          .map(
            (step) =>
              `From ${step.older} to ${step.newer} ${directionOf(step)}${step.first.ratio ? ` (${formatRatioInterval(step.first.ratio)})` : ''}, confirmed.`,
          )
          .join(' ');
  return {
    id: `${name}-${workload}-${load}-${metric.id}`,
    title: `${metric.title}, ${workload}, ${load}: ${drawn.axis}, by version`,
    sentence: `Each point is one run, with its interval; neighbours were measured in one run. ${told}`,
    table: {
      caption: `${metric.title}, ${workload}, ${load}: ${drawn.axis}, of the same run`,
      columns: [
        { title: 'version', align: 'left' },
        { title: 'run', align: 'left' },
        { title: drawn.axis, align: 'right' },
      ],
      rows: drawn.amounts.map(({ version, run, words }) => [version, run, words]),
    },
    spec: specOf(versions, drawn, changes, margin),
  };
}

interface Drawn {
  readonly axis: string;
  readonly amounts: readonly { readonly version: string; readonly run: string; readonly interval: Interval; readonly words: string }[];
}

/** Against the baseline, where that has any of it; else by itself. */
function amountsOf(points: readonly TrackPoint[]): Drawn {
  const compared = points.flatMap(({ version, run, ratio }) =>
    ratio ? [{ version, run, interval: ratio, words: formatRatioInterval(ratio) }] : [],
  );
  if (compared.length > 0) return { axis: 'times the baseline', amounts: compared };
  const { unit } = (points[0] as TrackPoint).metric;
  const values = points.flatMap(({ version, run, value }) => (value ? [{ version, run, value }] : []));
  const { factor, unit: axis } = scaleFor(unit, Math.max(...values.map(({ value }) => value.estimate)));
  const amounts = values.map(({ version, run, value }) => {
    const interval = { ...value, estimate: value.estimate / factor, low: value.low / factor, high: value.high / factor };
    return { version, run, interval, words: formatEstimate(unit, value) };
  });
  return { axis, amounts };
}

function specOf(versions: readonly string[], { axis, amounts }: Drawn, changes: readonly Step[], margin: number) {
  const changed = new Set(changes.map(({ newer }) => newer));
  const values = amounts.map(({ version, run, interval: { estimate, low, high } }) => ({
    version,
    run,
    estimate,
    low,
    high,
    changed: changed.has(version),
  }));
  const runs = [...new Set(amounts.map(({ run }) => run))];
  const x = { field: 'version', type: 'nominal' as const, scale: { domain: [...versions] }, axis: { title: 'version', labelAngle: 0 } };
  const xOffset = { field: 'run', type: 'nominal' as const, sort: runs };
  const y = { type: 'quantitative' as const, scale: { zero: false }, axis: { title: axis, tickCount: 6 } };
  const color = { condition: { test: 'datum.changed', value: '#D55E00' }, value: '#0072B2' };
  const middle = values.reduce((sum, { estimate }) => sum + estimate, 0) / values.length;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json' as const,
    config: CHART_CONFIG,
    width: Math.max(320, versions.length * 90),
    height: 220,
    data: { values },
    layer: [
      {
        data: { values: [{ from: middle / (1 + margin), to: middle * (1 + margin) }] },
        mark: { type: 'rect' as const, color: '#009E73', opacity: 0.12 },
        encoding: { y: { ...y, field: 'from' }, y2: { field: 'to' } },
      },
      {
        mark: { type: 'rule' as const, strokeWidth: 2 },
        encoding: { x, xOffset, color, y: { ...y, field: 'low' }, y2: { field: 'high' } },
      },
      {
        mark: { type: 'point' as const, filled: true, size: 55 },
        encoding: {
          x,
          xOffset,
          color,
          shape: { condition: { test: 'datum.changed', value: 'triangle-up' }, value: 'circle' },
          y: { ...y, field: 'estimate' },
        },
      },
    ],
  };
}
