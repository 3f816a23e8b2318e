import type { TimelinePoint } from '../analysis/timeline.ts';
import { formatValue } from '../model/format.ts';
import { CHART_CONFIG, type Chart } from './chart.ts';
import { logTicks, seriesEncoding } from './panels.ts';

/** Below this share of lost CPU time a window is not marked. */
const STALLED_SHARE = 0.005;

/** The run as it went: warm-up shaded, stalls of the host and errors marked, what was not used crossed out. */
export const timeline: Chart = {
  id: 'timeline',
  draw(comparison) {
    const points = comparison.timeline.filter(({ p50Ns }) => p50Ns !== undefined);
    if (points.length === 0) return undefined;
    const arms = comparison.cells.map(({ arm }) => arm);
    // Also of those without one good answer, which cannot be drawn.
    const failed = comparison.timeline.filter(({ errors }) => errors > 0);
    const unused = comparison.timeline.filter(({ valid, superseded }) => !valid || superseded);
    return {
      id: `timeline-${comparison.workload}-${comparison.load}`,
      title: `In the order of time: ${comparison.workload}, ${comparison.load}`,
      sentence: `${comparison.timeline.length} windows over ${Math.round((points.at(-1)?.atS ?? 0) / 60)} minutes: ${stallsTold(comparison.timeline)}, ${failed.length} had errors, ${unused.length} were not used.`,
      table: {
        caption: 'By deployment: windows, the middle of their p50, what was wrong with them',
        columns: [
          { title: 'deployment', align: 'left' },
          { title: 'datapath', align: 'left' },
          ...['windows', 'p50, middle', 'with stalls', 'with errors', 'not used'].map((title) => ({ title, align: 'right' as const })),
        ],
        rows: rowsOf(points, arms),
      },
      spec: specOf(points, arms),
    };
  },
};

function isStalled({ lostShare = 0 }: TimelinePoint): boolean {
  return lostShare >= STALLED_SHARE;
}

function wasWatched({ lostShare }: TimelinePoint): boolean {
  return lostShare !== undefined;
}

function stallsTold(points: readonly TimelinePoint[]): string {
  return points.some(wasWatched)
    ? `the host stood still for more than 0.5 % of ${points.filter(isStalled).length} of them`
    : 'nobody watched whether the host stood still';
}

function rowsOf(points: readonly TimelinePoint[], arms: readonly string[]): string[][] {
  const groups = Map.groupBy(
    points,
    ({ deployment, arm }) => `${String(deployment).padStart(6, '0')} ${String(arms.indexOf(arm)).padStart(4, '0')}`,
  );
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, own]) => {
      const [first] = own as [TimelinePoint];
      const sorted = own.map(({ p50Ns = 0 }) => p50Ns).sort((a, b) => a - b);
      const count = (wanted: (point: TimelinePoint) => boolean) => String(own.filter(wanted).length);
      return [
        String(first.deployment + 1),
        first.arm,
        String(own.length),
        formatValue('ns', sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN),
        own.some(wasWatched) ? count(isStalled) : 'not watched',
        count(({ errors }) => errors > 0),
        count(({ valid, superseded }) => !valid || superseded),
      ];
    });
}

function specOf(points: readonly TimelinePoint[], arms: readonly string[]) {
  const values = points.map((point) => ({
    arm: point.arm,
    from: point.atS / 60,
    measured: (point.atS + point.warmupS) / 60,
    to: (point.atS + point.warmupS + point.durationS) / 60,
    ms: (point.p50Ns ?? 0) / 1e6,
    lost: (point.lostShare ?? 0) * 100,
    marked: point.errors > 0 ? 'errors' : point.valid && !point.superseded ? 'used' : 'not used',
  }));
  const { color, shape } = seriesEncoding(arms);
  const time = { type: 'quantitative' as const, scale: { domainMin: 0 }, axis: { title: 'minutes since the first window', tickCount: 8 } };
  const latencies = values.map(({ ms }) => ms);
  const domain = [Math.min(...latencies) * 0.9, Math.max(...latencies) * 1.1] as const;
  const y = {
    field: 'ms',
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain: [...domain], nice: false },
    axis: { title: 'p50 (ms)', format: '~r', values: logTicks(...domain) },
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json' as const,
    config: CHART_CONFIG,
    data: { values },
    spacing: 6,
    vconcat: [
      {
        width: 600,
        height: 180,
        layer: [
          {
            transform: [{ filter: 'datum.measured > datum.from' }],
            mark: { type: 'rect' as const, color: '#E69F00', opacity: 0.12 },
            encoding: { x: { ...time, field: 'from' }, x2: { field: 'measured' } },
          },
          {
            mark: { type: 'rule' as const, strokeWidth: 2 },
            encoding: { x: { ...time, field: 'measured' }, x2: { field: 'to' }, y, color },
          },
          {
            transform: [{ filter: "datum.marked === 'used'" }],
            mark: { type: 'point' as const, filled: true, size: 36 },
            encoding: { x: { ...time, field: 'to' }, y, color, shape },
          },
          {
            transform: [{ filter: "datum.marked !== 'used'" }],
            mark: { type: 'text' as const, text: '✕', fontSize: 15, fontWeight: 'bold' as const, color: '#D55E00' },
            encoding: { x: { ...time, field: 'to' }, y },
          },
        ],
      },
      ...(points.some(wasWatched) ? [lostPanel(time)] : []),
    ],
    resolve: { scale: { x: 'shared' as const } },
  };
}

/** What the stall meter saw of the host; absent where there is none. */
function lostPanel(time: object) {
  return {
    width: 600,
    height: 50,
    mark: { type: 'bar' as const, color: '#555', width: 2 },
    encoding: {
      x: { ...time, field: 'measured', type: 'quantitative' as const },
      // Datapaths that shared a window lost the same: not their sum.
      y: { field: 'lost', type: 'quantitative' as const, stack: null, axis: { title: 'host lost, %', tickCount: 3 } },
    },
  };
}
