import { describe, expect, test } from 'vitest';
import { bpfStats } from '../../../src/collectors/bpf-stats.ts';
import { cgroup } from '../../../src/collectors/cgroup.ts';
import { machineCpu } from '../../../src/collectors/machine-cpu.ts';
import type { Component, Deployment } from '../../../src/model/contracts/deployment.ts';
import { fakeSystem, figuresOf, MemoryFiles } from '../../fakes.ts';

const component = (role: Component['role'], format: 'cpuacct.usage' | 'cpu.stat'): Component => ({
  role,
  cgroup: { cpu: { file: `/${role}/cpu`, format }, memoryUsage: `/${role}/usage`, memoryStat: `/${role}/stat` },
  ended: () => undefined,
});
const deploymentOf = (components: Component[]) => ({ components }) as unknown as Deployment;

describe('cgroup', () => {
  const files = new MemoryFiles({
    '/generator/cpu': 'usage_usec 1000\nuser_usec 600\n',
    '/generator/usage': '5000\n',
    '/generator/stat': 'anon 3000\nfile 2000\ninactive_file 500\n',
    '/server-app/cpu': '7000000\n',
    '/server-app/usage': '9000\n',
    '/server-app/stat': 'rss 1\ntotal_rss 4000\ntotal_inactive_file 1000\n',
  });
  test('reads v2 (microseconds, anon) and v1 (nanoseconds, total_rss) alike', async () => {
    const server = component('server-app', 'cpuacct.usage');
    // Two processes of one role share a cgroup: counted once.
    const scope = {
      deployment: deploymentOf([server, server]),
      generator: component('generator', 'cpu.stat'),
      system: fakeSystem({ files }),
      host: {},
    };
    const recording = await cgroup.open(scope);
    files.content.set('/generator/cpu', 'usage_usec 1500\n');
    files.content.set('/server-app/cpu', '7900000\n');
    const measures = figuresOf(await recording.close());
    const value = (metric: string, role: string) =>
      measures.filter((each) => each.metric === metric && each.component === role).map((each) => each.value);
    expect(value('cpu', 'generator')).toEqual([500_000]);
    expect(value('cpu', 'server-app')).toEqual([900_000]);
    expect(value('memory', 'generator')).toEqual([3000]);
    expect(value('memoryWorkingSet', 'generator')).toEqual([4500]);
    expect(value('memory', 'server-app')).toEqual([4000]);
    expect(value('memoryWorkingSet', 'server-app')).toEqual([8000]);
  });
});

test('machine: everything but idle, iowait and steal; guest time is inside user and not counted twice', async () => {
  const files = new MemoryFiles({ '/proc/stat': 'cpu  100 5 50 1000 20 3 7 9 40 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n' });
  const recording = await machineCpu.open({
    deployment: deploymentOf([]),
    generator: component('generator', 'cpu.stat'),
    system: fakeSystem({ files }),
    host: {},
  });
  files.content.set('/proc/stat', 'cpu  110 5 55 1100 25 4 9 12 50 0\n');
  const measures = figuresOf(await recording.close());
  expect(measures.map(({ metric, value }) => [metric, value])).toEqual([
    ['cpu', (10 + 5 + 1 + 2) * 1e7],
    ['steal', 3 * 1e7],
  ]);
});

describe('eBPF programs', () => {
  const SWITCH = '/proc/sys/kernel/bpf_stats_enabled';
  const windowOf = async (during: (files: MemoryFiles) => { runs: number; ns: number }) => {
    const files = new MemoryFiles({ [SWITCH]: '1\n' });
    let shown = { id: 7, run_cnt: 10, run_time_ns: 5000 };
    const system = fakeSystem({ files, answer: () => ({ stdout: JSON.stringify(shown) }) });
    const deployment = { bpfPrograms: [{ name: 'from_container', pin: '/p' }] } as unknown as Deployment;
    const recording = await bpfStats.open({ deployment, generator: component('generator', 'cpu.stat'), system, host: {} });
    const { runs, ns } = during(files);
    shown = { id: 7, run_cnt: shown.run_cnt + runs, run_time_ns: shown.run_time_ns + ns };
    return recording.close();
  };

  test('their time and runs', async () => {
    expect(await windowOf(() => ({ runs: 7, ns: 700 }))).toMatchObject([
      { metric: 'bpfTime', component: 'ebpf/from_container', value: 700 },
      { metric: 'bpfRuns', value: 7 },
    ]);
  });

  test('counting that was switched off is no program that costs nothing', async () => {
    const off = await windowOf((files) => {
      files.content.set(SWITCH, '0\n');
      return { runs: 3, ns: 300 };
    });
    expect(off).toMatchObject([{ metric: 'bpfTime', notMeasured: expect.stringContaining('switched') as string }]);
    expect(await windowOf(() => ({ runs: 0, ns: 0 }))).toMatchObject([{ metric: 'bpfTime', notMeasured: expect.anything() as string }]);
  });
});
