/** An A/A campaign with everything that breaks naive statistics: strong drift, autocorrelation 0.5, 10 % outliers. */
import { describe, expect, test } from 'vitest';
import { analyse } from '../../src/analysis/analyse.ts';
import { seededRandom, type Random } from '../../src/model/random.ts';
import { runOf, trialOf } from '../records.ts';

function campaign(random: Random, blocks: number) {
  const state = { direct: random.normal(), twin: random.normal() };
  const step = (value: number) => 0.5 * value + Math.sqrt(0.75) * random.normal();
  return Array.from({ length: blocks }, (_, block) => {
    const drift = Math.exp(0.05 * block); // the host gets 5 % slower with every block
    return (['direct', 'twin'] as const).map((arm) => {
      state[arm] = step(state[arm]);
      const outlier = random.uniform() < 0.1 ? 1 + random.uniform() : 1;
      const own = Math.exp(0.05 * state[arm]);
      return trialOf({
        block,
        arm,
        latenciesNs: Array.from({ length: 40 }, () => 2e6 * drift * own * outlier * Math.exp(0.2 * random.normal())),
      });
    });
  }).flat();
}

describe.each([8, 12, 24, 40])('%d blocks', (blocks) => {
  test('at most 5 % false verdicts; the rest is equal, unresolved or says that it cannot judge', () => {
    const random = seededRandom(`hostile/${blocks}`);
    const counts = new Map<string, number>();
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const stored = runOf(campaign(random, blocks), { stop: 'when-resolved' });
      const cell = analyse(stored, { thorough: false }).comparisons[0]?.cells.find((each) => each.arm === 'twin');
      const verdict = cell?.metrics.find((each) => each.metric.id === 'latency.p50')?.versus?.verdict ?? 'none';
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    }
    const wrong = (counts.get('higher') ?? 0) + (counts.get('lower') ?? 0);
    expect(wrong / runs).toBeLessThanOrEqual(0.05);
    expect(
      [...counts.keys()].every((verdict) => ['higher', 'lower', 'no difference', 'unresolved', 'cannot judge'].includes(verdict)),
    ).toBe(true);
  });
});

test('blocks that depend on each other and are too few to merge are refused in words', () => {
  const trials = Array.from({ length: 8 }, (_, block) =>
    ['direct', 'twin'].map((arm) =>
      trialOf({ block, arm, latenciesNs: Array.from({ length: 40 }, () => 2e6 * (arm === 'twin' ? 0.9 + 0.04 * block : 1)) }),
    ),
  ).flat();
  const cell = analyse(runOf(trials)).comparisons[0]?.cells.find((each) => each.arm === 'twin');
  const versus = cell?.metrics.find((each) => each.metric.id === 'latency.p50')?.versus;
  expect(versus).toMatchObject({ verdict: 'cannot judge', reason: expect.stringContaining('depend on each other') as string });
});
