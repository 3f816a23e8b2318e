/** Intervals over blocks. The block, not the request, is what was repeated: n is the number of blocks. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { studentTQuantile } from './student-t.ts';

export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** Student's t interval for the mean of independent block values; undefined below 2 values. */
export function tInterval(values: readonly number[], confidence: number): Interval | undefined {
  const n = values.length;
  if (n < 2) return undefined;
  const estimate = mean([...values]);
  const half = (studentTQuantile(1 - (1 - confidence) / 2, n - 1) * sampleStandardDeviation([...values])) / Math.sqrt(n);
  return { estimate, low: estimate - half, high: estimate + half, n };
}

/** The interval of a mean of logarithms as one of the geometric mean ratio. */
export function exponentiated(interval: Interval): Interval {
  return { estimate: Math.exp(interval.estimate), low: Math.exp(interval.low), high: Math.exp(interval.high), n: interval.n };
}
