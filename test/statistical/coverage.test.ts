/** Every printed interval covers the truth as often as it says, on simulated runs from raw trial records to analysis. */
import { describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.ts';
import { intervalOf } from '../../src/analysis/statistics/interval.ts';
import { seededRandom } from '../../src/model/random.ts';
import { runOf, trialOf } from '../records.ts';

const RUNS = 5000;

describe('t interval over blocks', () => {
  test.each([4, 6, 12])('covers the mean of %d normal blocks 95 +- 1 % of the time', (blocks) => {
    const random = seededRandom(`coverage/${blocks}`);
    let covered = 0;
    for (let run = 0; run < RUNS; run++) {
      const interval = intervalOf(
        Array.from({ length: blocks }, () => 3 + 2 * random.normal()),
        0.95,
        'fixed',
      );
      if (interval && interval.low <= 3 && interval.high >= 3) covered++;
    }
    expect(covered / RUNS).toBeGreaterThan(0.94);
    expect(covered / RUNS).toBeLessThan(0.96);
  });

  test('stays above 93 % for skewed block values', () => {
    const random = seededRandom('coverage/skewed');
    const truth = Math.exp(0.5 * 0.3 ** 2);
    let covered = 0;
    for (let run = 0; run < RUNS; run++) {
      const interval = intervalOf(
        Array.from({ length: 6 }, () => Math.exp(0.3 * random.normal())),
        0.95,
        'fixed',
      );
      if (interval && interval.low <= truth && interval.high >= truth) covered++;
    }
    expect(covered / RUNS).toBeGreaterThan(0.93);
  });
});

test('A/A: two arms of one distribution, block effects of 30 %, are called different at most as often as the level says', () => {
  const random = seededRandom('a-a');
  const runs = 400;
  let different = 0;
  for (let run = 0; run < runs; run++) {
    const trials = Array.from({ length: 6 }, (_, block) => {
      const host = Math.exp(0.3 * random.normal());
      return ['direct', 'envoy'].map((arm) => {
        const own = Math.exp(0.05 * random.normal());
        return trialOf({ block, arm, latenciesNs: Array.from({ length: 200 }, () => 2e5 * host * own * Math.exp(0.5 * random.normal())) });
      });
    }).flat();
    const cell = analyse(runOf(trials)).comparisons[0]?.cells.find((each) => each.arm === 'envoy');
    const p50 = cell?.metrics.find((each) => each.metric.id === 'latency.p50');
    if (p50?.versus?.verdict === 'higher' || p50?.versus?.verdict === 'lower') different++;
  }
  // 5 % expected; 400 runs put the 99.9 % bound of a binomial at 9 %.
  expect(different / runs).toBeLessThan(0.09);
});
