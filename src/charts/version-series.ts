/** A figure over versions: every run a point with its interval, changes marked. Not of a single run, hence not in the registry. */
import { directionOf, type Step, type TrackPoint } from '../analysis/track.ts';
import { formatRatioInterval } from '../model/format.ts';
import { CHART_CONFIG, type DrawnChart } from './chart.ts';

export function versionSeries(
  name: string,
  versions: readonly string[],
  points: readonly TrackPoint[],
  steps: readonly Step[],
  margin: number,
): DrawnChart {
  const [first] = points as [TrackPoint, ...TrackPoint[]];
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
    title: `${metric.title}, ${workload}, ${load}: times the baseline, by version`,
    sentence: `Each point is one run, with its interval; neighbours were measured in one run. ${told}`,
    table: {
      caption: `${metric.title}, ${workload}, ${load}: ratio to the baseline of the same run`,
      columns: [
        { title: 'version', align: 'left' },
        { title: 'run', align: 'left' },
        { title: 'times the baseline', align: 'right' },
      ],
      rows: points.map(({ version, run, ratio }) => [version, run, formatRatioInterval(ratio)]),
    },
    spec: specOf(versions, points, changes, margin),
  };
}

function specOf(versions: readonly string[], points: readonly TrackPoint[], changes: readonly Step[], margin: number) {
  const changed = new Set(changes.map(({ newer }) => newer));
  const values = points.map(({ version, run, ratio: { estimate, low, high } }) => ({
    version,
    run,
    estimate,
    low,
    high,
    changed: changed.has(version),
  }));
  const runs = [...new Set(points.map(({ run }) => run))];
  const x = { field: 'version', type: 'nominal' as const, sort: [...versions], axis: { title: 'version', labelAngle: 0 } };
  const xOffset = { field: 'run', type: 'nominal' as const, sort: runs };
  const y = { type: 'quantitative' as const, scale: { zero: false }, axis: { title: 'times the baseline', tickCount: 6 } };
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
