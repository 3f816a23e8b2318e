import type { CadvisorView } from '../model/contracts/cadvisor.ts';
import type { Collector, Reading } from '../model/contracts/collector.ts';
import type { Page } from '../model/exposition.ts';
import type { Clock } from '../model/ports.ts';
import { pollerOf } from './cadvisor/poller.ts';
import { Edges, samplesBeyond, together, type SourceRecording } from './cadvisor/recording.ts';
import { interfaceOf, isNetworkRowOf, isRowOf, rowsOf, type Row } from './cadvisor/rows.ts';
import { overWindow, type Point } from './cadvisor/window.ts';

const CPU = 'container_cpu_usage_seconds_total';
const STARTED = 'container_start_time_seconds';
const RECEIVED = 'container_network_receive_bytes_total';
const SENT = 'container_network_transmit_bytes_total';
const GAUGES = [
  { series: 'container_memory_working_set_bytes', metric: 'memoryWorkingSet' },
  { series: 'container_memory_rss', metric: 'memory' },
] as const;
const READ: ReadonlySet<string> = new Set([CPU, STARTED, RECEIVED, SENT, ...GAUGES.map(({ series }) => series)]);

/** CPU, memory and traffic as cAdvisor shows them, at the times of its own samples. */
export const cadvisor: Collector = {
  id: 'cadvisor',
  title: 'CPU, memory and traffic as cAdvisor shows them',
  includes:
    'CPU time, working set and anonymous memory of each container and bytes of each pod, from the exposed samples and their own timestamps, with the bounds that the samples around the window give',
  leavesOut: 'what happened between the last sample and the edge of the window is interpolated; kernel work as in the cgroup figures',
  weight: 'heavy',
  sees: 'arm',
  during: 'latency',
  absent: ({ cadvisor: views }) => (views.length === 0 ? 'no cAdvisor here' : undefined),
  async open({ deployment, system }) {
    const recordings = await Promise.all(deployment.cadvisor.map((view) => record(view, system.clock)));
    return together(recordings, (all) => all.flat());
  },
};

interface Series {
  readonly metric: string;
  readonly component: string;
  readonly unit: 'ns' | 'bytes';
  readonly scale: number;
  readonly kind: 'counter' | 'gauge';
  readonly rows: Row[];
  /** What of a page belongs to it. */
  pick(page: Page): readonly Row[];
}

async function record(view: CadvisorView, clock: Clock): Promise<SourceRecording<Reading[]>> {
  const { source } = view;
  const series = seriesOf(view);
  const starts = new Map<string, number>();
  let failure: string | undefined;
  const stop = await pollerOf(source, clock, (name) => READ.has(name)).listen({
    mentions: [...new Set([...view.containers, ...view.pods].map(({ namespace }) => `namespace="${namespace}"`))],
    onPage: (page) => {
      for (const each of series) each.rows.push(...each.pick(page));
      for (const { labels, value } of page.samples.filter(({ name }) => name === STARTED)) {
        const id = labels['id'] ?? '';
        if (starts.has(id) && starts.get(id) !== value) starts.set(id, Number.NaN);
        else if (!starts.has(id)) starts.set(id, value);
      }
    },
    onFailure: (reason) => (failure = reason),
  });
  const edges = new Edges(clock);
  return {
    abandon: stop,
    end: () => void edges.end(),
    async close() {
      await samplesBeyond(source, clock, edges, (atMs) => series.every(({ rows }) => (rows.at(-1)?.atMs ?? 0) >= atMs));
      stop();
      const window = { fromMs: edges.fromMs, toMs: edges.end(), edgeErrorMs: source.clockErrorMs, unusable: edges.unusable() };
      return series.flatMap((each) => readingsOf(each, window, starts, failure));
    },
  };
}

function seriesOf({ containers, pods }: CadvisorView): Series[] {
  return [
    ...containers.flatMap((container): Series[] => {
      const wanted = (labels: Parameters<typeof isRowOf>[0]) => isRowOf(labels, container);
      const common = { component: container.role, scale: 1 };
      return [
        { ...common, metric: 'cpu', unit: 'ns', scale: 1e9, kind: 'counter', rows: [], pick: (page) => rowsOf(page, CPU, wanted) },
        ...GAUGES.map(({ series, metric }): Series => {
          return { ...common, metric, unit: 'bytes', kind: 'gauge', rows: [], pick: (page) => rowsOf(page, series, wanted) };
        }),
      ];
    }),
    ...pods.flatMap((pod) =>
      (['received', 'sent'] as const).map((metric): Series => {
        const ofPod = (labels: Parameters<typeof isRowOf>[0]) => isNetworkRowOf(labels, pod);
        return {
          metric,
          component: pod.name,
          unit: 'bytes',
          scale: 1,
          kind: 'counter',
          rows: [],
          pick: (page) => {
            const device = interfaceOf(page, ofPod);
            if (device === undefined) return [];
            return rowsOf(page, metric === 'received' ? RECEIVED : SENT, (labels) => ofPod(labels) && labels['interface'] === device);
          },
        };
      }),
    ),
  ];
}

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly edgeErrorMs: number;
  readonly unusable: string | undefined;
}

function readingsOf(series: Series, window: Window, starts: ReadonlyMap<string, number>, failure: string | undefined): Reading[] {
  const { metric, component, unit, scale, kind, rows } = series;
  const name = { collector: 'cadvisor', metric, component };
  const absent = (reason: string): Reading[] => [{ ...name, notMeasured: reason }];
  const { fromMs, toMs, edgeErrorMs, unusable } = window;
  if (unusable !== undefined) return absent(unusable);
  if (rows.length === 0) return absent(failure ?? 'the page has no such series');
  const ids = new Set(rows.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).map(({ id }) => id));
  if (ids.size > 1 || [...ids].some((id) => Number.isNaN(starts.get(id) ?? 0))) return absent('the container was restarted');
  const points: Point[] = rows.filter(({ id }) => ids.size === 0 || ids.has(id)).map(({ atMs, value }) => ({ atMs, value }));
  if (kind === 'gauge') {
    const last = points.findLast(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    return last ? [{ ...name, unit, kind, value: last.value }] : absent('no sample in the window');
  }
  const moved = overWindow(points, fromMs, toMs, edgeErrorMs);
  if (typeof moved === 'string') return absent(failure === undefined ? moved : `${moved} (${failure})`);
  const byRegression = { ...name, metric: `${metric}ByRegression`, unit, kind, value: moved.byRegression * scale };
  return [{ ...name, unit, kind, value: moved.value * scale, range: [moved.low * scale, moved.high * scale] }, byRegression];
}
