/** Two datapaths against each other: inside a tier, across tiers on request, and across clusters by their baselines. */
import { describe, expect, test } from 'vitest';
import { analyse } from '../../../src/analysis/analyse.ts';
import { PLAIN } from '../../../src/model/features.ts';
import type { ArmRecord } from '../../../src/model/records.ts';
import { runOf, trialOf } from '../../records.ts';
import { seededRandom } from '../../../src/model/random.ts';

const arm = (name: string, change: Partial<ArmRecord['features']> = {}, baseline?: string): ArmRecord => ({
  name,
  datapath: name,
  title: name,
  options: {},
  features: { ...PLAIN, notes: '', ...change },
  notes: {},
  ...(baseline === undefined ? {} : { baseline }),
});
const random = seededRandom('pairs');
const around = (ns: number) => Array.from({ length: 400 }, () => ns * (1 + 0.02 * random.normal()));
/** `levels`: p50 of each arm in ns; hosts may differ by a factor. */
const trials = (levels: Readonly<Record<string, number>>, blocks = 8) =>
  Array.from({ length: blocks }, (_, block) =>
    Object.entries(levels).map(([name, ns], position) =>
      trialOf({ block, position, arm: name, latenciesNs: around(ns * (1 + 0.1 * Math.sin(block))) }),
    ),
  ).flat();
const pairsOf = (arms: readonly ArmRecord[], levels: Readonly<Record<string, number>>, acrossTiers = false) => {
  const stored = runOf(trials(levels), { arms: [...arms], baseline: arms[0]?.name ?? '' });
  return analyse(stored, { acrossTiers }).comparisons[0]?.pairs ?? [];
};
const p50 = (pair: ReturnType<typeof pairsOf>[number] | undefined) =>
  pair?.metrics.find(({ metric }) => metric.id === 'latency.p50')?.versus;

describe('inside of one cluster', () => {
  const arms = [arm('direct'), arm('a', { l7PassesPerRequest: 2 }), arm('b', { l7PassesPerRequest: 2 }), arm('c', { policy: 'l4' })];
  const levels = { direct: 1e5, a: 5e5, b: 6e5, c: 1.2e5 };
  test('only pairs that do the same work, the later against the earlier', () => {
    const pairs = pairsOf(arms, levels);
    expect(pairs.map((each) => [each.arm, each.against, each.sameTier])).toEqual([['b', 'a', true]]);
    expect(p50(pairs[0])).toMatchObject({ verdict: 'higher' });
    expect(p50(pairs[0])?.ratio?.estimate).toBeCloseTo(1.2, 1);
  });
  test('across tiers on request, and marked', () => {
    const pairs = pairsOf(arms, levels, true);
    expect(pairs.map((each) => [each.arm, each.against, each.sameTier])).toEqual([
      ['b', 'a', true],
      ['c', 'a', false],
      ['c', 'b', false],
    ]);
  });
  test('what is compared besides changes no interval of the rest', () => {
    const stored = runOf(trials(levels), { arms });
    const cells = (acrossTiers: boolean) => analyse(stored, { acrossTiers }).comparisons[0]?.cells;
    expect(cells(true)).toEqual(cells(false));
  });
});

test('on two clusters: hosts of different speed cancel by their baselines', () => {
  const arms = [arm('base-a'), arm('old', { policy: 'l4' }), arm('base-b', {}, 'base-b'), arm('new', { policy: 'l4' }, 'base-b')];
  // The second cluster is twice as slow; both versions add a fifth.
  const [pair] = pairsOf(arms, { 'base-a': 1e5, old: 1.2e5, 'base-b': 2e5, new: 2.4e5 });
  expect(pair).toMatchObject({ arm: 'new', against: 'old', throughBaselines: true });
  expect(p50(pair)).toMatchObject({ verdict: 'no difference' });
  expect(p50(pair)?.ratio?.estimate).toBeCloseTo(1, 1);
});
