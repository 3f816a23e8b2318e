import type { Collector, Reading } from '../model/contracts/collector.ts';
import type { NodeView } from '../model/contracts/deployment.ts';
import type { Clock } from '../model/ports.ts';
import { pollerOf } from './cadvisor/poller.ts';
import { Edges, samplesBeyond, together, type SourceRecording } from './cadvisor/recording.ts';
import { overWindow, type Point } from './cadvisor/window.ts';

const SERIES = 'node_cpu_usage_seconds_total';
const MACHINE = { collector: 'node-samples', metric: 'cpu', component: 'machine' } as const;

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
    return together(recordings, addedUp);
  },
};

type Moved = ReturnType<typeof overWindow>;

async function record({ samples: source }: NodeView, clock: Clock): Promise<SourceRecording<Moved>> {
  const points: Point[] = [];
  const stop = await pollerOf(source, clock, (name) => name === SERIES).listen({
    mentions: [],
    onPage: (page) => {
      for (const { name, value, timestampMs } of page.samples)
        if (name === SERIES && timestampMs !== undefined) points.push({ atMs: timestampMs, value });
    },
    onFailure: () => {},
  });
  const edges = new Edges(clock);
  return {
    abandon: stop,
    end: () => void edges.end(),
    async close() {
      await samplesBeyond(source, clock, edges, (atMs) => (points.at(-1)?.atMs ?? 0) >= atMs);
      stop();
      return edges.unusable() ?? overWindow(points, edges.fromMs, edges.end(), source.clockErrorMs);
    },
  };
}

/** All nodes or none: half of a cluster is no figure. */
function addedUp(all: readonly Moved[]): Reading[] {
  const missing = all.find((each) => typeof each === 'string');
  if (typeof missing === 'string') return [{ ...MACHINE, notMeasured: missing }];
  const moved = all as readonly Exclude<Moved, string>[];
  const sum = (of: (each: Exclude<Moved, string>) => number) => moved.reduce((total, each) => total + of(each), 0) * 1e9;
  return [
    { ...MACHINE, unit: 'ns', kind: 'counter', value: sum(({ value }) => value), range: [sum(({ low }) => low), sum(({ high }) => high)] },
  ];
}
