/** Whole nodes: by an agent at the edges of a window, and from what kubelets show. */
import { describe, expect, test } from 'vitest';
import { nodeCpu } from '../../../src/collectors/node-cpu.ts';
import { nodeSamples } from '../../../src/collectors/node-samples.ts';
import type { Deployment, NodeMoment, NodeView } from '../../../src/model/contracts/deployment.ts';
import type { Clock } from '../../../src/model/ports.ts';
import { fakeSystem, ManualClock } from '../../fakes.ts';

const moment = (busyNs: number, cpuNs: number, bpf?: NodeMoment['bpf']): NodeMoment => ({
  cpu: { busyNs, stealNs: 0, totalNs: busyNs },
  components: [{ role: 'server-app', cpuNs }],
  networkSoftirqs: busyNs / 1e6,
  bpf,
});
const noSamples: NodeView['samples'] = {
  housekeepingMs: 10,
  clockErrorMs: 0,
  where: '',
  scrape: () => Promise.reject(new Error('not asked')),
};
const view = (moments: NodeMoment[], isMachine = true): NodeView => ({
  name: 'n',
  isMachine,
  now: async () => moments.shift() as NodeMoment,
  samples: noSamples,
});
const scope = (nodes: readonly NodeView[], clock: Clock = new ManualClock()) => ({
  deployment: { nodes } as unknown as Deployment,
  generator: undefined,
  system: fakeSystem({ clock }),
  host: {},
});

describe('by an agent', () => {
  test('a kernel that two nodes share is counted once, their containers each', async () => {
    const nodes = [view([moment(10e9, 1e9), moment(14e9, 1.5e9)]), view([moment(10e9, 5e9), moment(14e9, 5.25e9)], false)];
    const readings = await (await nodeCpu.open(scope(nodes))).close();
    const cpu = readings
      .filter((each) => 'value' in each && each.metric === 'cpu')
      .map((each) => ('value' in each ? [each.component, each.value] : []));
    expect(cpu).toEqual([
      ['machine', 4e9],
      ['server-app', 0.5e9],
      ['server-app', 0.25e9],
    ]);
  });
  test('what nobody tells is not zero', async () => {
    const missing = { ...moment(2e9, Number.NaN) };
    const readings = await (await nodeCpu.open(scope([view([moment(1e9, 1), missing])]))).close();
    expect(readings).toContainEqual({
      collector: 'node-cpu',
      metric: 'cpu',
      component: 'server-app',
      notMeasured: 'its cgroup was not found on the node',
    });
    expect(readings).toContainEqual({
      collector: 'node-cpu',
      metric: 'bpfTime',
      component: 'machine',
      notMeasured: 'nobody on the node tells of its eBPF programs',
    });
  });
  test('it is there only with an agent on every node', () => {
    const without = { ...view([]), now: undefined };
    expect(nodeCpu.absent({ nodes: [without] } as unknown as Deployment, {})).toBe('no node agent');
    expect(nodeCpu.absent({} as Deployment, {})).toMatch(/no nodes/);
    expect(nodeCpu.absent({ nodes: [view([])] } as unknown as Deployment, {})).toBeUndefined();
  });
});

describe('from kubelets', () => {
  /** A node that is busy for half of one CPU, sampled every 100 ms. */
  const sampled = (clock: Clock, more: (atMs: number) => string = () => ''): NodeView => ({
    ...view([]),
    now: undefined,
    samples: {
      housekeepingMs: 100,
      clockErrorMs: 0,
      where: '',
      scrape: async () => {
        const atMs = Math.floor(clock.wallTime().getTime() / 100) * 100;
        return `node_cpu_usage_seconds_total ${atMs / 2000} ${atMs}\n${more(atMs)}`;
      },
    },
  });
  /** Time passes only while somebody sleeps, and lets others have their turn. */
  function passingClock(): Clock {
    let nowMs = 1_000_000;
    return {
      monotonicNs: () => nowMs * 1e6,
      wallTime: () => new Date(nowMs),
      async sleep(milliseconds) {
        await new Promise((resolve) => setImmediate(resolve));
        nowMs += milliseconds / 2;
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  }

  test('with the bounds of the samples around the window; half of a cluster is no figure', async () => {
    const clock = passingClock();
    const recording = await nodeSamples.open(scope([sampled(clock), sampled(clock)], clock));
    for (let i = 0; i < 12; i++) await clock.sleep(100);
    const [cpu] = await recording.close();
    expect(cpu).toMatchObject({ metric: 'cpu', component: 'machine', range: [expect.any(Number), expect.any(Number)] });

    const broken = { ...sampled(clock), samples: { ...noSamples, scrape: async () => 'nonsense' } };
    const half = await nodeSamples.open(scope([sampled(clock), broken], clock));
    const [none] = await half.close();
    expect(none).toMatchObject({ notMeasured: expect.stringMatching(/samples|sample/) as string });
  });
});
