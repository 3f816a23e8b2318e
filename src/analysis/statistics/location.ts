/** Robust companions of the mean difference. */
import { medianSorted } from 'simple-statistics';

/** Above this many values the Walsh averages are counted, not listed. */
const LISTED_UP_TO = 400;

/**
 * The Hodges-Lehmann estimate: the median of all Walsh averages (x_i + x_j) / 2, i <= j (Hodges, Lehmann, Ann. Math.
 * Stat. 34, 1963). Costs n^2 up to 400 values, n log n above.
 */
export function hodgesLehmann(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  if (sorted.length <= LISTED_UP_TO) return medianSorted(walshAverages(sorted));
  const pairs = (sorted.length * (sorted.length + 1)) / 2;
  return walshQuantile(sorted, pairs / 2);
}

function walshAverages(sorted: readonly number[]): number[] {
  const averages: number[] = [];
  for (let i = 0; i < sorted.length; i++)
    for (let j = i; j < sorted.length; j++) averages.push(((sorted[i] as number) + (sorted[j] as number)) / 2);
  return averages.sort((a, b) => a - b);
}

/** The smallest value with at least `rank` Walsh averages at or below it, by bisection; one pass of two pointers counts. */
function walshQuantile(sorted: readonly number[], rank: number): number {
  let [low, high] = [sorted[0] as number, sorted.at(-1) as number];
  for (let step = 0; step < 100 && high - low > 1e-12 * Math.max(1e-12, Math.abs(low) + Math.abs(high)); step++) {
    const middle = (low + high) / 2;
    let count = 0;
    for (let i = 0, j = sorted.length - 1; i < sorted.length; i++) {
      while (j >= i && (sorted[i] as number) + (sorted[j] as number) > 2 * middle) j--;
      if (j < i) break;
      count += j - i + 1;
    }
    if (count >= rank) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

/** Cliff's delta: P(a > b) - P(a < b) over all pairs, from -1 to 1 (Cliff, Psychol. Bull. 114, 1993). */
export function cliffsDelta(a: readonly number[], b: readonly number[]): number {
  const sorted = b.toSorted((x, y) => x - y);
  let balance = 0;
  for (const value of a) balance += countBelow(sorted, value, false) - (sorted.length - countBelow(sorted, value, true));
  return a.length === 0 || b.length === 0 ? Number.NaN : balance / (a.length * b.length);
}

function countBelow(sorted: readonly number[], value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const each = sorted[middle] as number;
    if (orEqual ? each <= value : each < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
