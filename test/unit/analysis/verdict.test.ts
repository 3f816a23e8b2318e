import { describe, expect, test } from 'vitest';
import { judge, type Evidence } from '../../../src/analysis/verdict.ts';

const interval = (low: number, high: number, n = 6) => ({ estimate: (low + high) / 2, low, high, n });
const evidence = (ratio: [number, number] | undefined, change: Partial<Evidence> = {}): Evidence => ({
  difference: ratio ? interval(ratio[0] - 1, ratio[1] - 1) : interval(-1, 1),
  ratio: ratio && interval(...ratio),
  claimable: true,
  margin: 0.05,
  deployments: 3,
  refusal: undefined,
  doubt: undefined,
  ...change,
});

describe('judge', () => {
  test.each([
    ['higher', true, [1.1, 1.3]],
    ['higher', false, [1.02, 1.3]],
    ['lower', true, [0.7, 0.9]],
    ['unresolved', false, [0.9, 1.3]],
    ['no difference', false, [0.97, 1.03]],
    // Detectable but too small to matter to anyone.
    ['no difference', false, [1.01, 1.02]],
  ] as const)('%s, material %s', (verdict, material, [low, high]) => {
    expect(judge(evidence([low, high]))).toMatchObject({ verdict, material });
  });

  test('without a ratio nothing is called equal unless it is', () => {
    expect(judge(evidence(undefined, { difference: interval(-0.001, 0.001) })).verdict).toBe('unresolved');
    expect(judge(evidence(undefined, { difference: interval(0, 0) })).verdict).toBe('no difference');
  });

  test('what does not stand in its family is not claimed', () => {
    expect(judge(evidence([1.06, 1.3], { claimable: false }))).toMatchObject({
      verdict: 'unresolved',
      reason: expect.stringContaining('Holm') as string,
    });
  });

  test('a difference under 1 % needs three deployments', () => {
    const tight = evidence([1.005, 1.007], { margin: 0.004 });
    expect(judge({ ...tight, deployments: 2 })).toMatchObject({
      verdict: 'unresolved',
      reason: expect.stringContaining('3 deployments') as string,
    });
    expect(judge({ ...tight, deployments: 3 }).verdict).toBe('higher');
  });

  test('a doubt turns unresolved into cannot judge, and leaves a clear case alone', () => {
    expect(judge(evidence([0.9, 1.3], { doubt: 'dependent' }))).toMatchObject({ verdict: 'cannot judge', reason: 'dependent' });
    expect(judge(evidence([1.5, 1.6], { doubt: 'dependent' })).verdict).toBe('higher');
  });

  test('a refusal comes before everything else', () => {
    expect(judge(evidence([1.5, 1.6], { refusal: 'unequal' }))).toMatchObject({ verdict: 'cannot judge', reason: 'unequal' });
  });
});
