/** Every printed interval covers the truth as often as it says: in simulation, of the formulas and of the whole path from trial records. */
import { describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.ts';
import { hierarchicalBootstrap } from '../../src/analysis/statistics/bootstrap.ts';
import { intervalOf } from '../../src/analysis/statistics/interval.ts';
import { seededRandom, type Random } from '../../src/model/random.ts';
import { runOf, trialOf } from '../records.ts';

const RUNS = 5000;

/** Share of simulated runs in which `covers` says yes. */
function coverage(seed: string, runs: number, covers: (random: Random) => boolean | undefined): number {
  const random = seededRandom(seed);
  let [covered, given] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const answer = covers(random);
    if (answer === undefined) continue;
    given++;
    if (answer) covered++;
  }
  return covered / given;
}

const holds = (interval: { low: number; high: number } | undefined, truth: number) =>
  interval ? interval.low <= truth && truth <= interval.high : undefined;

const shapes: Record<string, { readonly draw: (this: void, random: Random) => number; readonly mean: number }> = {
  normal: { draw: (random) => 3 + 2 * random.normal(), mean: 3 },
  't with 3 degrees of freedom': {
    draw: (random) => random.normal() / Math.sqrt((random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2) / 3),
    mean: 0,
  },
  '10 % outliers': { draw: (random) => random.normal() * (random.uniform() < 0.1 ? 6 : 1), mean: 0 },
};

describe('fixed number of blocks', () => {
  test.each([4, 6, 12])('t interval of %d normal blocks: 95 +- 1 %', (blocks) => {
    const { draw, mean } = shapes['normal'] as (typeof shapes)[string];
    const share = coverage(`t/${blocks}`, RUNS, (random) =>
      holds(
        intervalOf(
          Array.from({ length: blocks }, () => draw(random)),
          0.95,
          'fixed',
        ),
        mean,
      ),
    );
    expect(share).toBeGreaterThan(0.94);
    expect(share).toBeLessThan(0.96);
  });

  test.each(['t with 3 degrees of freedom', '10 % outliers'])('t interval, %s: 94 to 98.5 %', (name) => {
    const { draw, mean } = shapes[name] as (typeof shapes)[string];
    const share = coverage(`t/${name}`, RUNS, (random) =>
      holds(
        intervalOf(
          Array.from({ length: 12 }, () => draw(random)),
          0.95,
          'fixed',
        ),
        mean,
      ),
    );
    expect(share).toBeGreaterThan(0.94);
    expect(share).toBeLessThan(0.985);
  });
});

describe('anytime interval', () => {
  /** At every block from 6 to 60: what a reader who looks after each block sees. */
  test.each(Object.keys(shapes))('%s: covers at every look at once, at least 95 %', (name) => {
    const { draw, mean } = shapes[name] as (typeof shapes)[string];
    const share = coverage(`anytime/${name}`, RUNS, (random) => {
      const values: number[] = [];
      for (let block = 1; block <= 60; block++) {
        values.push(draw(random));
        if (block >= 6 && holds(intervalOf(values, 0.95, 'anytime'), mean) === false) return false;
      }
      return true;
    });
    expect(share).toBeGreaterThan(0.95);
    // Normal blocks use the error that is allowed; heavier tails use less of it.
    expect(share).toBeLessThan(name === 'normal' ? 0.985 : 0.995);
  });

  test('peeking at an ordinary t interval would not: below 80 %', () => {
    const share = coverage('peeking', 2000, (random) => {
      const values: number[] = [];
      for (let block = 1; block <= 60; block++) {
        values.push(random.normal());
        if (block >= 6 && holds(intervalOf(values, 0.95, 'fixed'), 0) === false) return false;
      }
      return true;
    });
    expect(share).toBeLessThan(0.8);
  });
});

test('hierarchical bootstrap: 20 deployments of 4 blocks, both levels varying: 90 to 97 %', () => {
  const share = coverage('bootstrap', 1000, (random) => {
    const groups = Array.from({ length: 20 }, () => {
      const deployment = random.normal();
      return Array.from({ length: 4 }, () => deployment + random.normal());
    });
    return holds(hierarchicalBootstrap(groups, 0.95, random, 500), 0);
  });
  expect(share).toBeGreaterThan(0.9);
  expect(share).toBeLessThan(0.97);
});

describe('from trial records to the report', () => {
  const REQUESTS = 40;
  /** Two arms, the second `factor` slower, host effects of 30 % on both: HDR histograms, pairing, ratio, interval. */
  const interval = (random: Random, factor: number, blocks: number) => {
    const trials = Array.from({ length: blocks }, (_, block) => {
      const host = Math.exp(0.3 * random.normal());
      return ['direct', 'envoy'].map((arm) => {
        const center = 2e6 * host * (arm === 'envoy' ? factor : 1) * Math.exp(0.05 * random.normal());
        return trialOf({ block, arm, latenciesNs: Array.from({ length: REQUESTS }, () => center * Math.exp(0.3 * random.normal())) });
      });
    }).flat();
    const cell = analyse(runOf(trials), { thorough: false }).comparisons[0]?.cells.find((each) => each.arm === 'envoy');
    return cell?.metrics.find((each) => each.metric.id === 'latency.p50')?.versus;
  };

  test('the interval of the ratio covers the true ratio in 94 to 98.5 % of 5,000 runs', () => {
    const share = coverage('whole path', RUNS, (random) => holds(interval(random, 1.2, 6)?.ratio, 1.2));
    expect(share).toBeGreaterThan(0.94);
    expect(share).toBeLessThan(0.985);
  });

  test('A/A: identical arms are called different at most as often as the level says', () => {
    let different = 0;
    const random = seededRandom('a-a');
    for (let run = 0; run < 1000; run++) {
      const verdict = interval(random, 1, 6)?.verdict;
      if (verdict === 'higher' || verdict === 'lower') different++;
    }
    // 5 % expected at most; 1000 runs put the 99.9 % bound of a binomial at 7.3 %.
    expect(different / 1000).toBeLessThan(0.073);
  });
});

describe('several blocks for each deployment', () => {
  const ratioOf = (random: Random, deploymentNoise: number) => {
    const trials = Array.from({ length: 6 }, (_, deployment) => {
      const own = Math.exp(deploymentNoise * random.normal());
      return Array.from({ length: 4 }, (__, index) => {
        const block = deployment * 4 + index;
        return ['direct', 'envoy'].map((arm) => {
          const center = 2e6 * (arm === 'envoy' ? 1.2 * own : 1) * Math.exp(0.05 * random.normal());
          return {
            ...trialOf({ block, arm, latenciesNs: Array.from({ length: 40 }, () => center * Math.exp(0.3 * random.normal())) }),
            deployment,
          };
        });
      }).flat();
    }).flat();
    const cell = analyse(runOf(trials, { stop: 'when-resolved' }), { thorough: false }).comparisons[0]?.cells.find(
      (each) => each.arm === 'envoy',
    );
    return cell?.metrics.find((each) => each.metric.id === 'latency.p50')?.versus?.ratio;
  };

  test.each([0, 0.02, 0.1])('deployments that differ by an sd of %d: the interval covers at least 94 %', (noise) => {
    const share = coverage(`deployments/${noise}`, 600, (random) => holds(ratioOf(random, noise), 1.2));
    expect(share).toBeGreaterThan(0.92); // 600 runs: three standard errors below 94.5 %
  });
});
