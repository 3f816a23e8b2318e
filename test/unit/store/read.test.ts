import { expect, test } from 'vitest';
import { readRun } from '../../../src/store/read.ts';
import { filesBelow } from '../../../src/store/run-directory.ts';
import { MemoryFiles } from '../../fakes.ts';
import { runOf, trialOf } from '../../records.ts';

const trial = trialOf({ arm: 'direct', block: 0, latenciesNs: [1e6] });
const { run } = runOf([trial]);

/** A run whose folder of trials has so many of them, each with the text of one. */
class ManyTrials extends MemoryFiles {
  readonly names: { name: string; isDirectory: boolean }[];
  readonly text: string;

  constructor(count: number, text: string) {
    super({ 'r/run.json': JSON.stringify(run) });
    this.names = Array.from({ length: count }, (_, at) => ({ name: `${at}`, isDirectory: true }));
    this.text = text;
  }

  override async list(path: string) {
    if (path === 'r/trials') return this.names;
    return path.startsWith('r/trials/') ? [{ name: 'trial.json', isDirectory: false }] : [];
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
  const names = Array.from({ length: 500_000 }, (_, at) => ({ name: `${at}`, isDirectory: false }));
  files.list = async (path) => (path === 'r/' ? [{ name: 'trials', isDirectory: true }] : names);
  expect(await filesBelow('r', files)).toHaveLength(500_000);
});
