/** Anderson and Darling's test that gaps are exponential, with the mean estimated: are the arrivals Poisson? */
import { mean } from 'simple-statistics';

/** Critical value at 1 % for exponentiality with estimated mean (Stephens, J. Am. Stat. Assoc. 69, 1974, table 4.11 in D'Agostino, Stephens). */
export const EXPONENTIAL_CRITICAL_1_PERCENT = 1.959;

/** The statistic A^2 with Stephens' small-sample factor 1 + 0.6 / n. */
export function exponentialAndersonDarling(gaps: readonly number[]): number {
  const n = gaps.length;
  const average = mean([...gaps]);
  const sorted = gaps.toSorted((a, b) => a - b);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const below = 1 - Math.exp(-Math.max(sorted[i] as number, 1e-12 * average) / average);
    const above = -(sorted[n - 1 - i] as number) / average; // ln(1 - F)
    sum += (2 * i + 1) * (Math.log(below) + above);
  }
  return (-n - sum / n) * (1 + 0.6 / n);
}
