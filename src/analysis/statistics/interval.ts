/** Intervals over blocks. The block, not the request, is what was repeated: n is the number of blocks. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { studentTQuantile } from './student-t.ts';

export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** `fixed`: the number of blocks was set beforehand. `anytime`: the run stopped when it had its answer. */
export type IntervalKind = 'fixed' | 'anytime';

/** Undefined where so few values bound nothing. `inflation`: of the standard error, for values that depend on each other. */
export function intervalOf(values: readonly number[], confidence: number, kind: IntervalKind, inflation = 1): Interval | undefined {
  const n = values.length;
  const half = halfWidth(n, confidence, kind);
  if (half === undefined) return undefined;
  const estimate = mean([...values]);
  const reach = half * inflation * sampleStandardDeviation([...values]);
  return { estimate, low: estimate - reach, high: estimate + reach, n };
}

/** Per unit of standard deviation; undefined where so few values bound nothing. */
export function halfWidth(n: number, confidence: number, kind: IntervalKind): number | undefined {
  if (kind === 'anytime') return anytimeHalfWidth(n, confidence);
  return n < 2 ? undefined : studentTQuantile(1 - (1 - confidence) / 2, n - 1) / Math.sqrt(n);
}

/** The variance of the prior on mu/sigma: 1 is tightest for effects about as large as the noise, at 6 to 60 blocks. */
export const PRIOR_VARIANCE = 1;

/**
 * Of the anytime-valid t interval, per unit of standard deviation: a confidence sequence covers the mean at every
 * sample size at once, so that looking after each block and stopping when the answer is there does not spoil it.
 * Right-Haar mixture over sigma, Gaussian over mu/sigma: Lai 1976; Wang, Ramdas, arXiv 2310.03722.
 */
export function anytimeHalfWidth(n: number, confidence: number): number | undefined {
  if (n < 3) return undefined;
  const shrink = 1 + n * PRIOR_VARIANCE;
  const r = Math.pow(shrink / (1 - confidence) ** 2, 1 / n);
  const rest = 1 - r / shrink;
  return rest <= 0 ? undefined : Math.sqrt(((n - 1) * (r - 1)) / rest / n);
}

/** The interval of a mean of logarithms as one of the geometric mean ratio. */
export function exponentiated(interval: Interval): Interval {
  return { estimate: Math.exp(interval.estimate), low: Math.exp(interval.low), high: Math.exp(interval.high), n: interval.n };
}
