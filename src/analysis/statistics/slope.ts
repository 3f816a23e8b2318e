/** Cost per unit of work: the slope of cost over rate, so that what an idle system uses is not charged to requests. */
import { weightedLinearRegression } from 'simple-statistics';

export interface Line {
  /** Change of y for a change of x by one. */
  readonly slope: number;
  /** y at x = 0: what runs without any request. */
  readonly intercept: number;
}

/**
 * Weighted least squares with weights 1/y: the variance of CPU time grows with the time itself, as that of a count
 * does. Undefined below 2 different x.
 */
export function costLine(points: readonly (readonly [x: number, y: number])[]): Line | undefined {
  if (new Set(points.map(([x]) => x)).size < 2) return undefined;
  // A figure near zero must not outweigh all others.
  const floor = Math.max(...points.map(([, y]) => y)) * 0.05 || 1;
  const weights = points.map(([, y]) => 1 / Math.max(y, floor));
  const { m, b } = weightedLinearRegression(points, weights);
  return { slope: m, intercept: b };
}
