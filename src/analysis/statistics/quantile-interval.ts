/**
 * Order-statistic interval of a quantile within one trial: which two of the n sorted values bound it. Descriptive: it
 * is sampling error only, and too narrow where successive requests correlate.
 */
import { normalQuantile } from './normal.ts';

/** Ranks from 1 to n (normal approximation of the binomial; David, Nagaraja, Order Statistics, 7.1); undefined where n does not reach. */
export function quantileRanks(n: number, share: number, confidence: number): { readonly low: number; readonly high: number } | undefined {
  const z = normalQuantile(1 - (1 - confidence) / 2);
  const spread = z * Math.sqrt(n * share * (1 - share));
  const low = Math.floor(n * share - spread);
  const high = Math.ceil(n * share + spread) + 1;
  return low < 1 || high > n ? undefined : { low, high };
}
