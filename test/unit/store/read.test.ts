import { describe, expect, test } from 'vitest';
import type { FileEntry } from '../../../src/model/ports.ts';
import { findRun, listRuns, readRun, sealOf, verifyChecksums } from '../../../src/store/read.ts';
import { filesBelow } from '../../../src/store/run-directory.ts';
import { readTrack } from '../../../src/store/track.ts';
import { MemoryFiles } from '../../fakes.ts';
import { runOf, trialOf } from '../../records.ts';

const trial = trialOf({ arm: 'direct', block: 0, latenciesNs: [1e6] });
const { run } = runOf([trial]);

/** A run whose folder of trials has so many of them, each with the text of one. */
class ManyTrials extends MemoryFiles {
  readonly names: FileEntry[];
  readonly text: string;

  constructor(count: number, text: string) {
    super({ 'r/run.json': JSON.stringify(run) });
    this.names = Array.from({ length: count }, (_, at) => ({ name: `${at}`, isDirectory: true, isLink: false }));
    this.text = text;
  }

  override async list(path: string) {
    if (path === 'r/trials') return this.names;
    return path.startsWith('r/trials/') ? [{ name: 'trial.json', isDirectory: false, isLink: false }] : [];
  }
  override async exists(path: string): Promise<boolean> {
    return path.startsWith('r/trials/');
  }
  override async readText(path: string): Promise<string> {
    return path.startsWith('r/trials/') ? this.text : super.readText(path);
  }
}

test('a run within the limits is read', async () => {
  expect((await readRun('r', new ManyTrials(500, JSON.stringify(trial)))).trials).toHaveLength(500);
});

test('a sealed run of which trials are gone is damaged, whatever the rest shows; one that was never sealed has those it has', async () => {
  const sums = (...names: string[]) => names.map((name) => `${'0'.repeat(64)}  trials/${name}/trial.json\n`).join('');
  const of = (more: Record<string, string>) =>
    new MemoryFiles({ 'r/run.json': JSON.stringify(run), 'r/trials/a/trial.json': JSON.stringify(trial), ...more });
  expect((await readRun('r', of({}))).trials).toHaveLength(1);
  await expect(readRun('r', of({ 'r/SHA256SUMS': sums('a', 'b', 'c') }))).rejects.toMatchObject({
    code: 'MT4003',
    message: expect.stringContaining('2 of its 3 trials are missing, as trials/b') as string,
  });
  const emptied = of({ 'r/SHA256SUMS': sums('a', 'b'), 'r/trials/b/note.txt': '' });
  await expect(readRun('r', emptied)).rejects.toMatchObject({ message: expect.stringContaining('1 of its 2 trials') as string });
});

test('millions of trials are refused before one of them is read', async () => {
  await expect(readRun('r', new ManyTrials(2_000_000, 'not even JSON'))).rejects.toMatchObject({
    code: 'MT4008',
    message: expect.stringContaining('2000000 trials, of at most 50000') as string,
  });
});

test('trials that are larger together than the memory are refused when they become so', async () => {
  const large = JSON.stringify({ ...trial, padding: 'x'.repeat(2 ** 26) });
  await expect(readRun('r', new ManyTrials(40, large))).rejects.toMatchObject({ code: 'MT4008' });
});

test('the names of half a million files are listed', async () => {
  const files = new MemoryFiles();
  const names = Array.from({ length: 500_000 }, (_, at) => ({ name: `${at}`, isDirectory: false, isLink: false }));
  files.list = async (path) => (path === 'r/' ? [{ name: 'trials', isDirectory: true, isLink: false }] : names);
  expect(await filesBelow('r', files)).toHaveLength(500_000);
});

describe('what is no file where a file should be, or is no record', () => {
  class Unreadable extends MemoryFiles {
    override async readText(path: string): Promise<string> {
      if (/SHA256SUMS|series.json/.test(path)) throw new Error(`${path} is no regular file`);
      return super.readText(path);
    }
    override readTextIfAny(path: string): Promise<string | undefined> {
      return this.readText(path);
    }
  }
  const files = new Unreadable({ 'r/run.json': JSON.stringify(run), 'r/SHA256SUMS': '' });

  test.each([
    ['checksums, when the seal is read', () => sealOf('r', files)],
    ['checksums, when they are verified', () => verifyChecksums('r', files)],
    ['the record of a series', () => readTrack('r', files)],
  ])('%s', async (_title, read) => {
    await expect(read()).rejects.toMatchObject({ code: 'MT4003', message: expect.stringContaining('no regular file') as string });
  });

  const withOptions = JSON.stringify({ ...run, arms: run.arms.map((arm) => ({ ...arm, options: 'DEEP' })) });
  test.each([
    ['options nested a hundred thousand times', withOptions.replaceAll('"DEEP"', `${'['.repeat(1e5)}1${']'.repeat(1e5)}`)],
    ['two thousand facts', JSON.stringify({ ...run, facts: Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`f${at}`, 1])) })],
  ])('%s', async (_title, text) => {
    await expect(readRun('r', new MemoryFiles({ 'r/run.json': text }))).rejects.toMatchObject({ code: 'MT4003' });
  });

  test('a series of a thousand pairs and one', async () => {
    const pairs = Array.from({ length: 1001 }, () => ({ older: 'a', newer: 'b', purpose: 'pair', run: 'r' }));
    const record = { trackVersion: 1, name: 'n', component: 'envoy', versions: ['a', 'b'], specText: '', startedAt: '', pairs };
    await expect(readTrack('r', new MemoryFiles({ 'r/series.json': JSON.stringify(record) }))).rejects.toMatchObject({ code: 'MT4003' });
  });
});

describe('the latest run', () => {
  const at = (stamp: string) => ({ ...run, id: `${stamp}-abcdef`, startedAt: `2026-01-0${stamp.at(7)}T00:00:00.000Z` });
  const [first, second] = [at('20260101T000000Z'), at('20260102T000000Z')];
  const both = { [`results/x/${first.id}/run.json`]: JSON.stringify(first), [`results/x/${second.id}/run.json`]: JSON.stringify(second) };

  test('is the last that began', async () => {
    expect(await findRun('latest', 'results', new MemoryFiles(both))).toBe(`results/x/${second.id}`);
  });
  test('is not the one before a damaged one', async () => {
    const damaged = new MemoryFiles({ ...both, [`results/x/${second.id}/run.json`]: '{' });
    await expect(findRun('latest', 'results', damaged)).rejects.toMatchObject({ code: 'MT4003' });
    expect(await listRuns('results', damaged)).toHaveLength(1);
    const older = new MemoryFiles({ ...both, [`results/x/${first.id}/run.json`]: '{' });
    expect(await findRun('latest', 'results', older)).toBe(`results/x/${second.id}`);
  });
  test('a folder of somebody else hides no run of ours', async () => {
    class Closed extends MemoryFiles {
      override async list(path: string) {
        if (path === 'results/root') throw new Error('EACCES: permission denied');
        return super.list(path);
      }
    }
    const files = new Closed({ ...both, 'results/root/20260103T000000Z-zzzzzz/run.json': '{}' });
    expect(await findRun('latest', 'results', files)).toBe(`results/x/${second.id}`);
  });
});
