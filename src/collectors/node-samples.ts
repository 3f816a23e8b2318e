import type { Collector, Reading } from '../model/contracts/collector.ts';
import type { NodeView } from '../model/contracts/deployment.ts';
import type { Clock } from '../model/ports.ts';
import { pollerOf } from './cadvisor/poller.ts';
import { LEAST_SAMPLES, overWindow, type Point } from './cadvisor/window.ts';

const SERIES = 'node_cpu_usage_seconds_total';
const MACHINE = { collector: 'node-samples', metric: 'cpu', component: 'machine' } as const;
/** So many times the sampling interval a sample after the window is waited for. */
const PATIENCE = 4;

/** CPU of whole nodes from what every kubelet shows. */
export const nodeSamples: Collector = {
  id: 'node-samples',
  title: 'CPU of the nodes, from their kubelets',
  includes:
    'everything that ran on the nodes of the pods, from samples at times of their own, with the bounds that those around the window give',
  leavesOut: 'other nodes; softirq work that no process was charged with',
  weight: 'heavy',
  sees: 'arm',
  during: 'latency',
  absent: ({ nodes }) => (nodes === undefined ? 'no nodes but this machine' : undefined),
  async open({ deployment, system }) {
    // A kubelet that shares its kernel shows its own part of it, and not what the others do.
    if (deployment.nodes?.some(({ isMachine }) => !isMachine) === true)
      return { close: async () => [{ ...MACHINE, notMeasured: 'the nodes share a kernel, and each kubelet shows a part of it only' }] };
    const recordings = await Promise.all((deployment.nodes ?? []).map((node) => record(node, system.clock)));
    return {
      close: async () => addedUp(await Promise.all(recordings.map((each) => each.close()))),
      end: () => recordings.forEach((each) => each.end()),
      abandon: () => recordings.forEach((each) => each.abandon()),
    };
  },
};

type Moved = ReturnType<typeof overWindow>;

async function record({ samples: source }: NodeView, clock: Clock) {
  const points: Point[] = [];
  const stop = await pollerOf(source, clock, (name) => name === SERIES).listen({
    mentions: [],
    onPage: (page) => {
      for (const { name, value, timestampMs } of page.samples)
        if (name === SERIES && timestampMs !== undefined) points.push({ atMs: timestampMs, value });
    },
    onFailure: () => {},
  });
  const fromMs = clock.wallTime().getTime();
  let endedMs: number | undefined;
  return {
    abandon: stop,
    end: () => void (endedMs = clock.wallTime().getTime()),
    async close(): Promise<Moved> {
      const toMs = endedMs ?? clock.wallTime().getTime();
      // In a window that cannot hold enough samples nothing is waited for.
      const turns = toMs - fromMs < (LEAST_SAMPLES - 1) * source.housekeepingMs ? 0 : PATIENCE * 2;
      for (let turn = 0; turn < turns && (points.at(-1)?.atMs ?? 0) < toMs + source.clockErrorMs; turn++)
        await clock.sleep(source.housekeepingMs / 2);
      stop();
      return overWindow(points, fromMs, toMs, source.clockErrorMs);
    },
  };
}

/** All nodes or none: half of a cluster is no figure. */
function addedUp(all: readonly Moved[]): Reading[] {
  const name = MACHINE;
  const missing = all.find((each) => typeof each === 'string');
  if (typeof missing === 'string') return [{ ...name, notMeasured: missing }];
  const moved = all as readonly Exclude<Moved, string>[];
  const sum = (of: (each: Exclude<Moved, string>) => number) => moved.reduce((total, each) => total + of(each), 0) * 1e9;
  return [
    { ...name, unit: 'ns', kind: 'counter', value: sum(({ value }) => value), range: [sum(({ low }) => low), sum(({ high }) => high)] },
  ];
}
