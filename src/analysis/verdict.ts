/** One of a closed set of words, from an interval alone. `unresolved` is a verdict. */
import type { Interval } from './interval.ts';
import { studentTQuantile } from './student-t.ts';

export type Verdict = 'higher' | 'lower' | 'no difference' | 'unresolved';

/** A ratio within this of 1 does not matter to the reader. */
export const MARGIN = 0.05;

/**
 * `higher` / `lower`: zero is outside the interval of the differences. `no difference`: the interval of the ratio lies
 * within 1 +- margin (two one-sided tests, Schuirmann 1987, at the level of the interval). Else `unresolved`.
 */
export function verdictOf(difference: Interval, ratio: Interval | undefined, margin = MARGIN): Verdict {
  if (ratio && ratio.low > 1 - margin && ratio.high < 1 + margin) return 'no difference';
  if (difference.low > 0) return 'higher';
  if (difference.high < 0) return 'lower';
  return 'unresolved';
}

/** Blocks in all after which an interval of this spread would exclude zero, if the estimate stays; undefined beyond 500. */
export function blocksToResolve(difference: Interval, confidence: number): number | undefined {
  const { estimate, low, high, n } = difference;
  const t = (count: number) => studentTQuantile(1 - (1 - confidence) / 2, count - 1);
  const spread = ((high - low) / 2 / t(n)) * Math.sqrt(n);
  for (let count = n + 1; count <= 500; count = Math.ceil(count * 1.1)) {
    if ((t(count) * spread) / Math.sqrt(count) < Math.abs(estimate)) return count;
  }
  return undefined;
}
