import { describe, expect, test } from 'vitest';
import { tInterval } from '../../../src/analysis/interval.ts';
import { blocksToResolve, verdictOf } from '../../../src/analysis/verdict.ts';

const interval = (low: number, high: number, n = 6) => ({ estimate: (low + high) / 2, low, high, n });

describe('verdictOf', () => {
  test.each([
    ['higher', interval(1, 3), interval(1.1, 1.3)],
    ['lower', interval(-3, -1), interval(0.7, 0.9)],
    ['unresolved', interval(-1, 3), interval(0.9, 1.3)],
    ['no difference', interval(-1, 1), interval(0.97, 1.03)],
    // Detectable but too small to matter to anyone.
    ['no difference', interval(1, 2), interval(1.01, 1.02)],
  ] as const)('%s', (expected, difference, ratio) => {
    expect(verdictOf(difference, ratio)).toBe(expected);
  });

  test('without a ratio nothing is ever called equal', () => {
    expect(verdictOf(interval(-0.001, 0.001), undefined)).toBe('unresolved');
  });
});

test('blocksToResolve: about that many more blocks of the same spread would exclude zero', () => {
  const difference = tInterval([2, -1, 3, 0, 1, -0.5], 0.95);
  if (!difference) throw new Error('no interval');
  expect(difference.low).toBeLessThan(0);
  const count = blocksToResolve(difference, 0.95) ?? 0;
  const repeated = Array.from({ length: Math.ceil(count / 6) + 1 }, () => [2, -1, 3, 0, 1, -0.5]).flat();
  expect(tInterval(repeated, 0.95)?.low).toBeGreaterThan(0);
  expect(count).toBeGreaterThan(6);
  expect(count).toBeLessThan(60);
});
