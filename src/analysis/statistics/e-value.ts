/** Evidence against "the mean is zero" that may be looked at after every block: the e-value of the anytime t interval. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { PRIOR_VARIANCE } from './interval.ts';
import { studentTCdf } from './student-t.ts';
import type { IntervalKind } from './interval.ts';

/** Expected at most 1 when the mean is zero, at every stopping time (Wang, Ramdas, arXiv 2310.03722). */
export function eValue(values: readonly number[], inflation = 1): number {
  const n = values.length;
  if (n < 3) return 1;
  const t2 = squaredT(values) / inflation ** 2;
  // What is written as JSON has no infinity.
  if (!Number.isFinite(t2)) return Number.MAX_VALUE;
  const shrink = 1 + n * PRIOR_VARIANCE;
  return Math.min(Number.MAX_VALUE, Math.pow(shrink, -0.5) * Math.pow((1 + t2 / (n - 1)) / (1 + t2 / ((n - 1) * shrink)), n / 2));
}

/** Two-sided, matching the interval of the same kind: below 1 - confidence exactly when zero is outside it. */
export function pValue(values: readonly number[], kind: IntervalKind, inflation = 1): number {
  const n = values.length;
  if (kind === 'anytime') return Math.min(1, 1 / eValue(values, inflation));
  if (n < 2) return 1;
  const t2 = squaredT(values) / inflation ** 2;
  return Number.isFinite(t2) ? 2 * (1 - studentTCdf(Math.sqrt(t2), n - 1)) : 0;
}

function squaredT(values: readonly number[]): number {
  const spread = sampleStandardDeviation([...values]);
  const average = mean([...values]);
  if (spread === 0) return average === 0 ? 0 : Number.POSITIVE_INFINITY;
  return (values.length * average * average) / (spread * spread);
}
