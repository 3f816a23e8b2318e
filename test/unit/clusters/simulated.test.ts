/** Whole runs on the simulated cluster: known truth in, verdicts out; faults never become figures. */
import { describe, expect, test } from 'vitest';
import { analyse, type CellMetric } from '../../../src/analysis/analyse.ts';
import { checks } from '../../../src/checks/index.ts';
import type { App } from '../../../src/cli/app.ts';
import { defaultRunOptions, runAndReport } from '../../../src/cli/run.ts';
import { clusters } from '../../../src/clusters/index.ts';
import { collectors } from '../../../src/collectors/index.ts';
import { datapaths } from '../../../src/datapaths/index.ts';
import { generators } from '../../../src/generators/index.ts';
import type { StoredRun } from '../../../src/model/records.ts';
import { renderStored } from '../../../src/report/render/stored.ts';
import { readRun } from '../../../src/store/read.ts';
import { workloads } from '../../../src/workloads/index.ts';
import { fakeSystem, MemoryFiles } from '../../fakes.ts';

interface Simulated {
  readonly files: MemoryFiles;
  readonly out: () => string;
  run(cluster: string, statistics?: string): Promise<StoredRun>;
}

function simulated(signal = new AbortController().signal, onEvent: (kind: string) => void = () => {}): Simulated {
  const files = new MemoryFiles();
  let out = '';
  const app: App = {
    system: fakeSystem({ files }),
    families: { clusters, datapaths, workloads, generators, collectors, checks },
    version: '0.0.0',
    argv: [],
    out: (text) => void (out += text),
    err: () => {},
    pass: () => {},
    hash: (text) => String(text.length),
    progress: () => (event) => onEvent(event.kind),
    interruption: signal,
  };
  return {
    files,
    out: () => out,
    async run(cluster, statistics = '{ blocks: 12, seed: s }') {
      const text = `name: s
cluster: { id: simulated, ${cluster} }
datapaths: [direct, ebpf-lab]
workloads: [http-echo]
loads: [{ loop: open, rate: 500/s, duration: 4s, warmup: 100ms }]
statistics: ${statistics}
`;
      const { path } = await runAndReport(app, { text }, { ...defaultRunOptions, progress: 'quiet' });
      return readRun(path, files);
    },
  };
}

function metric(stored: StoredRun, id: string): CellMetric {
  const found = analyse(stored)
    .comparisons[0]?.cells.find((cell) => cell.arm === 'ebpf-lab')
    ?.metrics.find((each) => each.metric.id === id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

describe('known truth', () => {
  test('a charge of 20 % latency, 30 % CPU and 40 MiB is found, with intervals that hold it', async () => {
    const stored = await simulated().run('charges: { ebpf-lab: { latency: 0.2, cpu: 0.3, memoryMiB: 40 } }');
    const p50 = metric(stored, 'latency.p50').versus;
    expect(p50).toMatchObject({ verdict: 'higher', material: true });
    expect(p50?.ratio?.low).toBeLessThan(1.2);
    expect(p50?.ratio?.high).toBeGreaterThan(1.2);
    const cpu = metric(stored, 'cpu.server-app').versus;
    expect(cpu?.ratio?.low).toBeLessThan(1.3);
    expect(cpu?.ratio?.high).toBeGreaterThan(1.3);
    expect(metric(stored, 'memory.datapath').versus?.difference.estimate).toBe(40 * 1024 * 1024);
  });

  test('no charge: equal within the margin, and the run stops by itself before all its blocks', async () => {
    const stored = await simulated().run(
      'trialNoise: 0.002, deploymentNoise: 0.001, blockNoise: 0.3, sigma: 0.1, cpuPerRequest: 2ms',
      '{ blocks: 30, seed: s }',
    );
    expect(metric(stored, 'latency.p50').versus?.verdict).toBe('no difference');
    expect(metric(stored, 'latency.p99').versus?.verdict).toBe('no difference');
    expect(stored.run.stopped).toBe('no verdict was left that more blocks could bring');
    expect(new Set(stored.trials.map((trial) => trial.block)).size).toBeLessThan(30);
  });

  test('the same seed measures the same blocks; every latency trial of a block has the same number of requests', async () => {
    const stored = await simulated().run('charges: {}');
    for (const trial of stored.trials.filter((each) => each.kind === 'latency')) expect(trial.result.arms[0]?.sent).toBe(2000);
  });
});

test('stalls are masked, raw figures stay beside them, a host that stands still too long is measured again', async () => {
  const stored = await simulated().run('stallsPerSecond: 1', '{ blocks: 6, stop: fixed, cpu: false, seed: s }');
  const trial = stored.trials.find((each) => (each.host?.stalls ?? 0) > 0);
  expect(trial?.masked?.dropped).toBeGreaterThan(0);
  expect(trial?.masked?.response.count).toBe((trial?.result.arms[0]?.ok ?? 0) - (trial?.masked?.dropped ?? 0));
  const still = await simulated().run('stallsPerSecond: 40', '{ blocks: 3, stop: fixed, cpu: false, seed: s }');
  const again = still.trials.filter((each) => each.superseded);
  expect(again.length).toBeGreaterThan(0);
  expect(again.every((each) => /-again\d$/.test(each.id))).toBe(true);
  // All arms of the step, not only one.
  for (const each of again) expect(again.filter((other) => other.block === each.block && other.arm !== each.arm).length).toBeGreaterThan(0);
});

test('every rendering says that nothing was measured', async () => {
  const world = simulated();
  const stored = await world.run('charges: {}', '{ blocks: 3, stop: fixed, cpu: false, seed: s }');
  expect(world.out()).toContain('SIMULATED');
  for (const format of ['html', 'md', 'text', 'json'] as const)
    expect(await renderStored(stored, format)).toMatch(/SIMULATED|"cluster": "simulated"/);
});

describe('faults', () => {
  test('an arm that never becomes ready ends the run with MT3001', async () => {
    await expect(simulated().run('faults: { neverReady: ebpf-lab }')).rejects.toMatchObject({ code: 'MT3001' });
  });

  test('an arm that dies ends the run with MT3006 and an invalid trial', async () => {
    const world = simulated();
    await expect(world.run('faults: { diesAfterLoads: { arm: ebpf-lab, loads: 14 } }')).rejects.toMatchObject({ code: 'MT3006' });
    const trials = [...world.files.content]
      .filter(([name]) => name.endsWith('/trial.json'))
      .map(([, text]) => JSON.parse(text) as { arm: string; valid: boolean });
    expect(trials.some((trial) => trial.arm === 'ebpf-lab' && !trial.valid)).toBe(true);
  });

  test('a collector that crashes ends the run; what was measured before stays', async () => {
    const world = simulated();
    await expect(world.run('faults: { collectorCrashAt: 200 }')).rejects.toThrow(/simulated crash of the collector/);
    expect([...world.files.content.keys()].filter((name) => name.endsWith('/trial.json')).length).toBeGreaterThan(0);
  });

  test('a rate that is not achieved makes every trial invalid', async () => {
    await expect(simulated().run('faults: { rateShortfall: 0.4 }')).rejects.toMatchObject({ code: 'MT3003' });
  });

  test('interrupted at any step: status interrupted, nothing half-written', async () => {
    for (const step of [1, 5, 9, 20]) {
      const controller = new AbortController();
      let events = 0;
      const world = simulated(controller.signal, (kind) => void (kind === 'trial-started' && ++events === step && controller.abort()));
      await expect(world.run('charges: {}')).rejects.toMatchObject({ code: 'MT3005' });
      for (const [name, text] of world.files.content) if (name.endsWith('.json')) expect(() => JSON.parse(text) as unknown).not.toThrow();
    }
  });
});

test('one after the other: when one arm is measured again, those before it are set aside with it, and nothing is overwritten', async () => {
  const world = simulated();
  // 14 stalls a second take about 2 % of eight CPUs: some windows are above, some below.
  const stored = await world.run('stallsPerSecond: 14', '{ blocks: 12, stop: fixed, design: block, cpu: false, seed: s }');
  const ids = stored.trials.map((trial) => trial.id);
  expect(new Set(ids).size).toBe(ids.length);
  const again = stored.trials.filter((trial) => trial.superseded);
  expect(again.length).toBeGreaterThan(0);
  expect(again.length).toBeLessThan(24);
  for (const block of new Set(stored.trials.map((trial) => trial.block))) {
    const kept = stored.trials.filter((trial) => trial.block === block && !trial.superseded);
    expect(kept.map((trial) => trial.arm).sort()).toEqual(['direct', 'ebpf-lab']);
    const aside = again.filter((trial) => trial.block === block);
    // Whatever was set aside was measured before what was kept.
    for (const each of aside) for (const other of kept) expect(each.startedAt < other.startedAt).toBe(true);
  }
});
