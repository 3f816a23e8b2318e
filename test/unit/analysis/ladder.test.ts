import { expect, test } from 'vitest';
import { ladderBlocks } from '../../../src/analysis/ladder.ts';
import { trialOf } from '../../records.ts';

/** 100 ms of CPU a second at rest and 300 us a request, over all of the time in which CPU was counted. */
const step = (rate: number, countedS: number, times: object) => {
  const latenciesNs = Array.from({ length: rate * 0.5 }, () => 1e6);
  const trial = trialOf({ block: 0, arm: 'direct', latenciesNs, machineCpuNs: countedS * 100e6 + latenciesNs.length * 300e3 });
  return { ...trial, kind: 'cpu' as const, result: { ...trial.result, endNs: 0.5e9 }, ...times };
};

test.each([
  ['the instruments were open longer than requests were due', 0.9, { instrumentsNs: 0.9e9 }],
  ['records that do not say how long', 0.5, { instrumentsNs: null }],
])('what runs without any request: %s', (_title, countedS, times) => {
  const [block] = ladderBlocks([100, 200, 400].map((rate) => step(rate, countedS, times)));
  const line = block?.lines.get('machine');
  expect(line?.nsPerRequest).toBeCloseTo(300e3, 3);
  expect(line?.idleNsPerSecond).toBeCloseTo(100e6, 0);
});
