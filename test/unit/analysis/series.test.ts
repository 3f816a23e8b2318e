import { expect, test } from 'vitest';
import { armSeries } from '../../../src/analysis/series.ts';
import { trialOf } from '../../records.ts';

/** Three steps of one block's ladder, as a run of more than a thousand blocks is read: by name. */
const rungs = (block: number) =>
  [100, 200, 300].map((requests) => ({
    ...trialOf({ block, arm: 'direct', latenciesNs: Array.from({ length: requests }, () => 1e5), machineCpuNs: requests * 1e5 }),
    kind: 'cpu' as const,
  }));

test('blocks of the ladder are in the order in which they were measured, also above a thousand', () => {
  const read = [100, 1000, 101, 99].flatMap(rungs);
  const { ladder, figures } = armSeries(read, { masked: false, hasLadder: true, withSum: false });
  expect(ladder.map(({ block }) => block)).toEqual([99, 100, 101, 1000]);
  expect(figures.get('cpu.machine')?.values.map(({ block }) => block)).toEqual([99, 100, 101, 1000]);
});
