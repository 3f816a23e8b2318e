import type { Collector, Reading } from '../model/contracts/collector.ts';
import type { Deployment, NodeMoment, NodeView } from '../model/contracts/deployment.ts';
import type { Measure } from '../model/records.ts';

/** What the nodes of a cluster did, read by an agent on each at the very edges of a window. */
export const nodeCpu: Collector = {
  id: 'node-cpu',
  title: 'CPU of the nodes, by an agent on each',
  includes:
    'everything that ran on the nodes of the pods: datapath, workload, generator, interrupts, the cluster itself; of it each container by its cgroup; eBPF run time and map memory of programs and maps that some process holds',
  leavesOut: 'other nodes; eBPF objects that only a pin holds; as in /proc/stat, interrupt work shorter than a tick',
  weight: 'light',
  sees: 'arm',
  during: 'both',
  absent: ({ nodes }) => (nodes === undefined ? 'no nodes but this machine' : nodes.every(({ now }) => now) ? undefined : 'no node agent'),
  async open({ deployment }) {
    const before = await momentsOf(deployment, 'first');
    return {
      async close() {
        const after = await momentsOf(deployment, 'last');
        return after.flatMap((moment, index) => {
          const earlier = before[index] as NodeMoment;
          const isMachine = deployment.nodes?.[index]?.isMachine === true;
          return [...(isMachine ? machineReadings(earlier, moment) : []), ...componentReadings(earlier, moment)];
        });
      },
    };
  },
};

function momentsOf({ nodes = [] }: Deployment, edge: 'first' | 'last'): Promise<NodeMoment[]> {
  return Promise.all(nodes.map(({ now }) => (now as NonNullable<NodeView['now']>)(edge)));
}

function counter(metric: string, component: string, value: number, unit: Measure['unit'] = 'ns'): Measure {
  return { collector: 'node-cpu', metric, component, unit, kind: 'counter', value };
}

function machineReadings(before: NodeMoment, after: NodeMoment): Reading[] {
  return [
    counter('cpu', 'machine', after.cpu.busyNs - before.cpu.busyNs),
    counter('steal', 'machine', after.cpu.stealNs - before.cpu.stealNs),
    counter('networkSoftirqs', 'machine', after.networkSoftirqs - before.networkSoftirqs, 'count'),
    ...bpfReadings(before.bpf, after.bpf),
  ];
}

function bpfReadings(before: NodeMoment['bpf'], after: NodeMoment['bpf']): Reading[] {
  if (!before || !after) return [noBpfTime('nobody on the node tells of its eBPF programs')];
  const maps = { collector: 'node-cpu', metric: 'bpfMapMemory', component: 'machine', unit: 'bytes', kind: 'gauge' } as const;
  const memory: Reading = { ...maps, value: after.mapBytes };
  if (!before.isCounted || !after.isCounted) return [noBpfTime('somebody switched kernel.bpf_stats_enabled off'), memory];
  if (before.source !== after.source) return [noBpfTime(`read from ${before.source} before and from ${after.source} after the window`)];
  return [
    counter('bpfTime', 'machine', after.runTimeNs - before.runTimeNs),
    counter('bpfRuns', 'machine', after.runs - before.runs, 'count'),
    memory,
  ];
}

function noBpfTime(notMeasured: string): Reading {
  return { collector: 'node-cpu', metric: 'bpfTime', component: 'machine', notMeasured };
}

function componentReadings(before: NodeMoment, after: NodeMoment): Reading[] {
  return after.components.map(({ role, cpuNs }, index): Reading => {
    const moved = cpuNs - (before.components[index]?.cpuNs ?? Number.NaN);
    if (Number.isFinite(moved)) return counter('cpu', role, moved);
    return { collector: 'node-cpu', metric: 'cpu', component: role, notMeasured: 'its cgroup was not found on the node' };
  });
}
