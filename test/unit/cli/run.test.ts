/** Whole runs against a cluster in memory: the order of steps, and what is left whatever ends them. */
import { beforeEach, describe, expect, test } from 'vitest';
import { checks } from '../../../src/checks/index.ts';
import type { App } from '../../../src/cli/app.ts';
import { defaultRunOptions, runAndReport, runCommand } from '../../../src/cli/run.ts';
import { datapaths } from '../../../src/datapaths/index.ts';
import { generators } from '../../../src/generators/index.ts';
import type { RunRecord } from '../../../src/model/records.ts';
import { workloads } from '../../../src/workloads/index.ts';
import { verifyChecksums } from '../../../src/store/read.ts';
import { fakeCluster, fakeCollector, type FakeBehaviour } from '../../fake-cluster.ts';
import { fakeApp } from '../../fake-app.ts';
import { fakeSystem, ManualClock, MemoryFiles } from '../../fakes.ts';

const SPEC = `name: tiny
datapaths: [direct, ebpf-lab]
workloads: [http-echo]
loads: [{ loop: open, rate: 1000/s, duration: 1s, warmup: 100ms }]
statistics: { blocks: 2, seed: fixed, stop: fixed, design: block, cpu: false, blocksPerDeployment: 1 }
`;

let files: MemoryFiles;
let log: string[];
let out: string;
beforeEach(() => {
  files = new MemoryFiles({ 'e.yaml': SPEC });
  log = [];
  out = '';
});

function app(behaviour: FakeBehaviour = {}, signal = new AbortController().signal, clock = new ManualClock()): App {
  const collectors = [fakeCollector(log)];
  const families = { clusters: [fakeCluster(log, behaviour)], datapaths, workloads, generators, collectors, checks };
  return fakeApp(fakeSystem({ files, clock }), families, { out: (text) => void (out += text), interruption: signal });
}

const options = { ...defaultRunOptions, progress: 'quiet' as const };
const recordOf = async (): Promise<RunRecord> => {
  const path = [...files.content.keys()].find((name) => name.endsWith('/run.json'));
  return JSON.parse(await files.readText(path ?? '')) as RunRecord;
};
const trialsOnDisk = () => [...files.content.keys()].filter((name) => name.endsWith('/trial.json'));

describe('a run', () => {
  test('deploys, proves, measures and undoes in this order', async () => {
    expect(await runCommand(app(), 'e.yaml', options)).toBe(0);
    const phases = log.map((line) => line.replace(/direct|ebpf-lab/g, 'ARM').replaceAll('/http-echo/open-1000', ''));
    const trial = ['load ARM warm-up', 'open instruments of ARM', 'load ARM fixed', 'close instruments of ARM'];
    const proof = ['connect ARM', 'load ARM proof'];
    const fullSpeed = ['load ARM full speed', 'load ARM full speed'];
    const teardown = ['disconnect ARM', 'disconnect ARM', 'undo ARM', 'undo ARM'];
    expect(phases).toEqual([
      'open cluster',
      'start generator',
      ...['deploy ARM', 'deploy ARM', ...proof, ...proof, ...fullSpeed, ...trial, ...trial, ...teardown],
      ...['deploy ARM', 'deploy ARM', ...proof, ...proof, ...fullSpeed, ...trial, ...trial, ...teardown],
      ...['stop generator', 'close cluster'],
    ]);
  });

  test('leaves a sealed directory whose checksums hold, and says so on stdout', async () => {
    const { path } = await runAndReport(app(), { file: 'e.yaml' }, options);
    const record = await recordOf();
    expect(record).toMatchObject({ status: 'complete', sealed: true, seed: 'fixed', failure: null });
    expect(trialsOnDisk()).toHaveLength(4);
    expect(await verifyChecksums(path, files)).toBeGreaterThan(5);
    expect(out).toContain('ebpf-lab');
    expect(out).toContain(path);
  });

  test('a tampered trial is found', async () => {
    const { path } = await runAndReport(app(), { file: 'e.yaml' }, options);
    const [name = ''] = trialsOnDisk();
    await files.writeText(name, (await files.readText(name)).replace('"ok": 1000', '"ok": 1001'));
    await expect(verifyChecksums(path, files)).rejects.toThrow(/was changed/);
  });

  test('traffic that strays from its datapath stops the run before anything is measured', async () => {
    await expect(runCommand(app({ stray: 'ebpf-lab' }), 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3002' });
    expect(trialsOnDisk()).toEqual([]);
    expect(log).toContain('stop generator');
    expect(log.at(-1)).toBe('close cluster');
    expect(log.filter((line) => line.startsWith('undo'))).toHaveLength(2);
  });

  test('a deployment that fails half-way is undone, the failed arm included', async () => {
    await expect(runCommand(app({ failDeploy: 'ebpf-lab' }), 'e.yaml', options)).rejects.toThrow('no luck');
    expect(log).toEqual([
      'open cluster',
      'start generator',
      'deploy direct',
      'deploy ebpf-lab',
      'undo ebpf-lab',
      'undo direct',
      'stop generator',
      'close cluster',
    ]);
    expect(await recordOf()).toMatchObject({ status: 'failed', failure: 'no luck', sealed: false });
  });

  test('a rate that the machine cannot send ends the run with MT3003 and keeps the trials', async () => {
    await expect(runCommand(app({ achieved: 400 }), 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3003', exit: 4 });
    expect(trialsOnDisk()).toHaveLength(2);
  });

  test('a sample of arrivals that is slower by chance is no slow machine, whatever else is wrong with its window', async () => {
    // 12 % of 1000 are within four deviations of a Poisson sample.
    expect(await runCommand(app({ achieved: 880, failed: 20 }), 'e.yaml', options)).toBe(4);
    expect(trialsOnDisk()).toHaveLength(4);
  });

  test('what is drawn already cannot be asked for otherwise: a plan, and a run that goes on', async () => {
    await expect(runCommand(app(), undefined, { ...options, resume: 'latest', seed: 'other' })).rejects.toMatchObject({ code: 'MT1005' });
    files.content.set('plan.json', '{}');
    await expect(runCommand(app(), 'plan.json', { ...options, budget: '5m' })).rejects.toMatchObject({ code: 'MT1005' });
  });

  test('a server that hardly answers ends the run with MT3013, which says how much failed, and where its log is', async () => {
    const ended = await runCommand(app({ failed: 900 }), 'e.yaml', options).catch((error: unknown) => error);
    expect(ended).toMatchObject({ code: 'MT3013', exit: 4 });
    expect(String(ended)).toContain('900 of 1000 requests failed (status 503: 900), at 1000 of 1000/s');
    expect(trialsOnDisk()).toHaveLength(2);
  });

  test('what keeps the rate from being sent is the server, where requests fail', async () => {
    await expect(runCommand(app({ achieved: 400, failed: 20 }), 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3013' });
    await expect(runCommand(app({ achieved: 400, failed: 5 }), 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3003' });
    const unsent = app({ achieved: 400, failed: 600, failure: 'never sent' });
    await expect(runCommand(unsent, 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3003' });
  });

  test('a run in which some requests fail goes on, with invalid trials', async () => {
    expect(await runCommand(app({ failed: 100 }), 'e.yaml', options)).toBe(4);
    expect(trialsOnDisk()).toHaveLength(4);
  });

  test('a component that dies ends the run with MT3006 and an invalid trial', async () => {
    await expect(runCommand(app({ dies: 'direct' }), 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3006' });
    const trials = await Promise.all(
      trialsOnDisk().map(async (name) => JSON.parse(await files.readText(name)) as { arm: string; valid: boolean }),
    );
    expect(trials.find((trial) => trial.arm === 'direct')?.valid).toBe(false);
  });

  test('of a duet in which one dies every arm is stored: what was skipped could never be measured again', async () => {
    await files.writeText('e.yaml', SPEC.replace('design: block', 'design: duet'));
    await expect(runCommand(app({ dies: 'direct' }), 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3006' });
    const trials = await Promise.all(
      trialsOnDisk().map(async (name) => JSON.parse(await files.readText(name)) as { arm: string; valid: boolean }),
    );
    expect(trials.map(({ arm }) => arm).toSorted()).toEqual(['direct', 'ebpf-lab']);
    expect(trials.find(({ arm }) => arm === 'direct')?.valid).toBe(false);
  });

  test('the budget is time on the clock from the first deployment on: a run that promises ten seconds ends within them', async () => {
    await files.writeText(
      'e.yaml',
      SPEC.replace('blocks: 2, seed: fixed, stop: fixed', 'blocks: 9, minBlocks: 9, seed: fixed, budget: 10s'),
    );
    const clock = new ManualClock();
    const pass = (seconds: number) => void (clock.nowNs += seconds * 1e9);
    const behaviour = { onDeploy: () => pass(0.5), onLoad: (_arm: string, seed: string) => pass(seed.startsWith('fixed/0') ? 1 : 0) };
    await runCommand(app(behaviour, undefined, clock), 'e.yaml', options);
    // A second to deploy and two to measure, a block.
    expect((await recordOf()).stopped).toBe('the time budget was over');
    expect(new Set(trialsOnDisk().map((name) => /\/(\d+)-/.exec(name)?.[1])).size).toBe(3);
  });

  test('of what died while it was not measured no window is begun', async () => {
    const cluster = app({ diesBefore: 'ebpf-lab' });
    await expect(runCommand(cluster, 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3006' });
    expect(log.filter((line) => line === 'load ebpf-lab/http-echo/open-1000 fixed')).toEqual([]);
    expect(log.at(-1)).toBe('close cluster');
  });

  test('a disk that fills up ends the run with MT4002; what was written stays', async () => {
    const running = app();
    let count = 0;
    const original = files.writeAtomically.bind(files);
    files.writeAtomically = async (path, content) => {
      if (path.endsWith('trial.json') && ++count > 2) throw new Error('ENOSPC: no space left on device');
      await original(path, content);
    };
    await expect(runCommand(running, 'e.yaml', options)).rejects.toMatchObject({ code: 'MT4002', exit: 3 });
    expect(trialsOnDisk()).toHaveLength(2);
    expect(log.at(-1)).toBe('close cluster');
  });
});

/** A run interrupted at its first measured load, its record then changed by a stranger; returns the path of run.json. */
async function interruptedRun(search: string | RegExp, replacement: string): Promise<string> {
  const controller = new AbortController();
  const stop = (_arm: string, seed: string) => void (seed.startsWith('fixed/0') && controller.abort());
  await expect(runCommand(app({ onLoad: stop }, controller.signal), 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3005' });
  const path = [...files.content.keys()].find((name) => name.endsWith('/run.json')) ?? '';
  await files.writeText(path, (await files.readText(path)).replace(search, replacement));
  return path;
}

describe('an interrupted run', () => {
  test('keeps what it measured, undoes everything, and goes on later in its own order', async () => {
    const controller = new AbortController();
    let loads = 0;
    const interrupted = app(
      { onLoad: (_arm, seed) => void (seed.startsWith('fixed/0') && ++loads === 3 && controller.abort()) },
      controller.signal,
    );
    await expect(runCommand(interrupted, 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3005', exit: 130 });
    expect(log.at(-1)).toBe('close cluster');
    const before = trialsOnDisk();
    expect(before.length).toBeGreaterThanOrEqual(2);
    expect(before.length).toBeLessThan(4);
    const record = await recordOf();
    expect(record).toMatchObject({ status: 'interrupted', sealed: false });
    const kept = await Promise.all(before.map((name) => files.readText(name)));

    expect(await runCommand(app(), undefined, { ...options, resume: record.id })).toBe(0);
    expect(trialsOnDisk()).toHaveLength(4);
    expect(await Promise.all(before.map((name) => files.readText(name)))).toEqual(kept);
    const resumed = await recordOf();
    expect(resumed).toMatchObject({ id: record.id, status: 'complete', sealed: true, seed: 'fixed' });
    expect(resumed.gaps).toHaveLength(1);
  });

  test('says of itself that it has not ended; a block that was begun counts when it is whole', async () => {
    await interruptedRun(/$/, '');
    expect((await recordOf()).stopped).toBe('');
    expect(await runCommand(app(), undefined, { ...options, resume: 'latest' })).toBe(0);
    expect((await recordOf()).stopped).toBe('all blocks were measured');
  });

  test('when it goes on, the generator is warmed up again: its process is a new one', async () => {
    const longest = async (resume?: string) => {
      const durations: number[] = [];
      const watched = app({ onLoad: (_arm, _seed, durationNs = 0) => void durations.push(durationNs) });
      expect(await runCommand(watched, resume === undefined ? 'e.yaml' : undefined, { ...options, resume })).toBe(0);
      return Math.max(...durations);
    };
    await interruptedRun(/$/, '');
    expect((await recordOf()).designs).toHaveLength(1);
    expect(await longest('latest')).toBe(await longest());
  });

  test('what was answered before it ended is not asked again, and nothing is deployed for it', async () => {
    await files.writeText('e.yaml', SPEC.replace('blocks: 2, seed: fixed, stop: fixed', 'blocks: 9, minBlocks: 2, seed: fixed'));
    await runCommand(app(), 'e.yaml', options);
    expect((await recordOf()).stopped).toBe('no verdict was left that more blocks could bring');
    const enough = trialsOnDisk().length;
    for (const name of files.content.keys()) if (name.startsWith('results')) files.content.delete(name);
    const original = files.writeAtomically.bind(files);
    files.writeAtomically = async (path, content) => {
      await original(path, content);
      // As if it were killed when the last answer was on disk, and nothing was made of it yet.
      if (trialsOnDisk().length === enough) throw new Error('ENOSPC: no space left on device');
    };
    await expect(runCommand(app(), 'e.yaml', options)).rejects.toMatchObject({ code: 'MT4002' });
    files.writeAtomically = original;
    log = [];
    expect(await runCommand(app(), undefined, { ...options, resume: 'latest' })).toBe(0);
    expect(await recordOf()).toMatchObject({ status: 'complete', stopped: 'no verdict was left that more blocks could bring' });
    expect(log.filter((line) => line.startsWith('deploy'))).toEqual([]);
  });

  test('an id that is a path is refused before it names anything on this machine', async () => {
    const path = await interruptedRun(/"id": "[^"]+"/, '"id": "x-../../home"');
    log.length = 0;
    await expect(runCommand(app(), undefined, { ...options, resume: path.replace('/run.json', '') })).rejects.toMatchObject({
      code: 'MT4003',
    });
    expect(log).toEqual([]);
  });

  test('with --accept-drift the first machine stays on record, and the change is a finding', async () => {
    await interruptedRun('"kernel": "6.1"', '"kernel": "5.4"');
    expect(await runCommand(app(), undefined, { ...options, resume: 'latest', acceptDrift: true })).toBe(0);
    const record = await recordOf();
    expect(record.facts['kernel']).toBe('5.4');
    expect(record.findings.find((finding) => finding.code === 'MT3010')?.detail).toBe('kernel was 5.4, is 6.1');
  });

  test('a sealed run cannot be continued', async () => {
    await runCommand(app(), 'e.yaml', options);
    await expect(runCommand(app(), undefined, { ...options, resume: 'latest' })).rejects.toMatchObject({ code: 'MT4005' });
  });

  test('another machine refuses to go on with it', async () => {
    await interruptedRun('"kernel": "6.1"', '"kernel": "5.4"');
    await expect(runCommand(app(), undefined, { ...options, resume: 'latest' })).rejects.toThrow(/kernel was 5.4, is 6.1/);
  });
});
