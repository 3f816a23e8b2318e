import { expect, test } from 'vitest';
import type { Series } from '../../../src/analysis/series.ts';
import { compareSeries } from '../../../src/analysis/versus.ts';
import { seededRandom } from '../../../src/model/random.ts';

const metric = { id: 'latency.p50', title: 'p50', unit: 'ns', group: 'latency', better: 'lower' } as const;
const seriesOf = (deployments: readonly (readonly number[])[]): Series => ({
  metric,
  tooFew: 0,
  values: deployments.flatMap((values, deployment) =>
    values.map((value, at) => ({ block: deployment * values.length + at, deployment, value, sent: 1000 })),
  ),
});

test('where the interval rests on deployments, so does the number of blocks that would settle it', () => {
  const logs = [
    [0.03, -0.03, 0.02, -0.02],
    [0.11, 0.05, 0.1, 0.06],
    [0.08, 0.02, 0.07, 0.03],
  ];
  const own = seriesOf(logs.map((each) => each.map((log) => 100 * Math.exp(log))));
  const baseline = seriesOf(logs.map((each) => each.map(() => 100)));
  const inference = { kind: 'fixed', confidence: 0.95, margin: 0.05, random: seededRandom('x'), thorough: false } as const;
  const compared = compareSeries(own, baseline, inference);
  expect(compared?.basis).toBe('deployments');
  expect(compared?.ratio?.low).toBeLessThan(1);
  // The means of three deployments spread by 0.04 around 0.043: Student's t is that narrow with six of them.
  expect(compared?.blocksToResolve).toBe(6 * 4);
  expect(compared?.detectable).toBeGreaterThan(0.08);
});
