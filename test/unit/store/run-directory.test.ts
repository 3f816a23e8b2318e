import { expect, test } from 'vitest';
import { RunDirectory } from '../../../src/store/run-directory.ts';
import { MemoryFiles } from '../../fakes.ts';
import { trialOf } from '../../records.ts';

test('a directory that is removed meanwhile is not made anew: the rest would look whole', async () => {
  const files = new MemoryFiles();
  const directory = await RunDirectory.create('results', 'e', 'r', files);
  await directory.writeTrial(trialOf({ arm: 'direct', block: 0, latenciesNs: [1e6] }));
  await files.remove('results/e/r');
  await expect(directory.writeTrial(trialOf({ arm: 'direct', block: 1, latenciesNs: [1e6] }))).rejects.toMatchObject({ code: 'MT4002' });
});

test('a run whose directory holds a link is not continued: it may lead anywhere', async () => {
  const files = new MemoryFiles({ 'r/logs/a.log': '', 'r/journal.jsonl': '' });
  const plain = files.list.bind(files);
  files.list = async (path) => (await plain(path)).map((entry) => ({ ...entry, isLink: entry.name === 'a.log' }));
  await expect(RunDirectory.reopen('r', files)).rejects.toMatchObject({
    code: 'MT4002',
    message: expect.stringContaining('a.log is a link') as string,
  });
  expect(files.directories.size).toBe(0);
});
