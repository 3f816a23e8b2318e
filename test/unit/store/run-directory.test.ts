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
