/** A disk that fails at every single write in turn, and instruments that fail in every way: coded, kept, undone, and it can go on. */
import { expect, test } from 'vitest';
import { checks } from '../../../src/checks/index.ts';
import type { App } from '../../../src/cli/app.ts';
import { defaultRunOptions, runCommand } from '../../../src/cli/run.ts';
import { datapaths } from '../../../src/datapaths/index.ts';
import { generators } from '../../../src/generators/index.ts';
import type { Collector, Reading, Recording } from '../../../src/model/contracts/collector.ts';
import { MeshtaxError } from '../../../src/model/errors.ts';
import { trialRecordSchema, type RunRecord } from '../../../src/model/records.ts';
import { readRun, verifyChecksums } from '../../../src/store/read.ts';
import { workloads } from '../../../src/workloads/index.ts';
import { fakeCluster, fakeCollector } from '../../fake-cluster.ts';
import { fakeApp } from '../../fake-app.ts';
import { fakeSystem, MemoryFiles } from '../../fakes.ts';

const SPEC = `name: tiny
datapaths: [direct, ebpf-lab]
workloads: [http-echo]
loads: [{ loop: open, rate: 1000/s, duration: 1s, warmup: 100ms }]
statistics: { blocks: 2, seed: fixed, stop: fixed, design: block, cpu: false, blocksPerDeployment: 1 }
`;

/** Every change counts; from the one with this number on, or only that one, the disk is full. */
class FailingFiles extends MemoryFiles {
  changes = 0;
  failing: (change: number) => boolean = () => false;

  override async writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
    this.#count();
    await super.writeAtomically(path, content);
  }
  override async appendDurably(path: string, line: string): Promise<void> {
    // A disk takes half a line before it is full.
    if (this.failing(this.changes + 1)) await super.appendDurably(path, line.slice(0, line.length / 2));
    this.#count();
    await super.appendDurably(path, line);
  }
  override async makeDirectory(path: string): Promise<void> {
    this.#count();
    await super.makeDirectory(path);
  }

  #count(): void {
    if (this.failing(++this.changes)) throw new Error('ENOSPC: no space left on device');
  }
}

function appWith(files: MemoryFiles, log: string[], collector: Collector = fakeCollector(log)): App {
  return fakeApp(fakeSystem({ files }), {
    clusters: [fakeCluster(log)],
    datapaths,
    workloads,
    generators,
    collectors: [collector],
    checks,
  });
}

const options = { ...defaultRunOptions, progress: 'quiet' as const };
const pathOf = (files: MemoryFiles) => [...files.content.keys()].find((name) => name.endsWith('/run.json'))?.replace('/run.json', '');

async function writesOfARun(): Promise<number> {
  const files = new FailingFiles({ 'e.yaml': SPEC });
  await runCommand(appWith(files, []), 'e.yaml', options);
  return files.changes;
}
const writes = await writesOfARun();

test('a run writes often enough for this to mean something', () => expect(writes).toBeGreaterThan(15));

test.each([
  ['from here on', (at: number) => (change: number) => change >= at],
  ['once', (at: number) => (change: number) => change === at],
])('a disk that is full %s, at every write in turn: MT4002, nothing lost, undone, and it goes on', async (_, failing) => {
  for (let at = 1; at <= writes; at++) {
    const files = new FailingFiles({ 'e.yaml': SPEC });
    const log: string[] = [];
    files.failing = failing(at);
    const error = await runCommand(appWith(files, log), 'e.yaml', options).catch((reason: unknown) => reason);
    expect([at, error instanceof MeshtaxError ? error.code : error]).toEqual([at, 'MT4002']);
    expect(log.filter((line) => line === 'open cluster')).toHaveLength(log.filter((line) => line === 'close cluster').length);
    const trials = [...files.content].filter(([name]) => name.endsWith('trial.json'));
    for (const [, text] of trials) expect(trialRecordSchema.safeParse(JSON.parse(text)).success).toBe(true);
    files.failing = () => false;
    const path = pathOf(files);
    if (path === undefined || (await verifyChecksums(path, files).catch(() => 0)) > 0) continue; // nothing begun, or all of it there
    expect([at, await runCommand(appWith(files, []), undefined, { ...options, resume: 'latest' })]).toEqual([at, 0]);
    expect(await verifyChecksums(path, files)).toBeGreaterThan(5);
    for (const [name, text] of trials) expect(await files.readText(name)).toBe(text);
  }
});

test('what ended a run is told, not that it could not be written down too', async () => {
  const files = new FailingFiles({ 'e.yaml': SPEC });
  const app = appWith(files, []);
  const told: string[] = [];
  const dying = { ...app, families: { ...app.families, clusters: [fakeCluster([], { dies: 'direct' })] } };
  const progress: App['progress'] = () => (event) => {
    told.push(event.kind === 'finding' ? `${event.finding.code} ${event.finding.title}` : event.kind);
    if (event.kind === 'undoing') files.failing = () => true;
  };
  await expect(runCommand({ ...dying, progress }, 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3006' });
  expect(told.slice(-3)).toEqual(['undoing', 'MT4002 the record of this run', 'ended']);
});

test('what a deployment left behind is not measured beside: MT3014, and it goes on when that is gone', async () => {
  const files = new MemoryFiles({ 'e.yaml': SPEC });
  const log: string[] = [];
  const app = appWith(files, log);
  const failing = { ...app, families: { ...app.families, clusters: [fakeCluster(log, { failUndo: 'ebpf-lab' })] } };
  await expect(runCommand(failing, 'e.yaml', options)).rejects.toMatchObject({
    code: 'MT3014',
    message: expect.stringMatching(/Deployment 0 .*deployment of ebpf-lab: it stays/),
  });
  expect(log.filter((line) => line.startsWith('deploy'))).toHaveLength(2);
  expect(log.at(-1)).toBe('close cluster');
  const { run, trials } = await readRun(pathOf(files) ?? '', files);
  expect([run.status, trials.length]).toEqual(['failed', 2]);
  expect(await runCommand(app, undefined, { ...options, resume: 'latest' })).toBe(0);
});

const nonsense = (value: unknown): Reading =>
  ({ collector: 'bad', metric: 'cpu', component: 'machine', unit: 'ns', kind: 'counter', value }) as Reading;

function badCollector(open: () => Promise<Recording>): Collector {
  return { ...fakeCollector([]), id: 'bad', open };
}

test.each([
  ['throws when it is opened', badCollector(() => Promise.reject(new Error('no luck'))), 0],
  ['throws when it is closed', badCollector(async () => ({ close: () => Promise.reject(new Error('no luck')) })), 1],
  ['throws no error', badCollector(async () => ({ close: () => Promise.reject('a word') })), 1],
])('an instrument that %s ends the run with MT3012; what was measured is kept, as invalid', async (_, collector, kept) => {
  const files = new MemoryFiles({ 'e.yaml': SPEC });
  const log: string[] = [];
  await expect(runCommand(appWith(files, log, collector), 'e.yaml', options)).rejects.toMatchObject({ code: 'MT3012', exit: 3 });
  const { run, trials } = await readRun(pathOf(files) ?? '', files);
  expect(run).toMatchObject({ status: 'failed', failure: expect.stringMatching(/no luck|a word/) } satisfies Partial<
    Record<keyof RunRecord, unknown>
  >);
  expect(trials.map(({ valid }) => valid)).toEqual(Array.from({ length: kept }, () => false));
  expect(log.at(-1)).toBe('close cluster');
});

test.each([
  ['NaN', Number.NaN],
  ['an endless number', Number.POSITIVE_INFINITY],
  ['less than nothing', -5],
  ['a text', '12'],
  ['nothing', undefined],
])('an instrument that says %s has measured nothing, and the run is readable', async (_, value) => {
  const files = new MemoryFiles({ 'e.yaml': SPEC });
  const collector = badCollector(async () => ({ close: async () => [nonsense(value)] }));
  expect(await runCommand(appWith(files, [], collector), 'e.yaml', options)).toBe(0);
  const { trials } = await readRun(pathOf(files) ?? '', files);
  expect(trials).toHaveLength(4);
  for (const { measures, notMeasured } of trials) {
    expect(measures).toEqual([]);
    expect(notMeasured).toMatchObject([{ collector: 'bad', notMeasured: `it said ${String(value)}` }]);
  }
});
