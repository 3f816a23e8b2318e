/**
 * Change points of a series by E-divisive (Matteson, James, J. Am. Stat. Assoc. 109, 2014; arXiv 1306.4933), as the R
 * package ecp does it: the energy statistic without the bias of a sample's distance to itself, the end of the right part
 * searched too, hierarchical, and permutations inside the segments found so far.
 */
import { shuffled, type Random } from '../../model/random.ts';

export interface EDivisive {
  /** Points of the shortest segment. */
  readonly minSegment: number;
  readonly permutations: number;
  readonly alpha: number;
}

export interface ChangePoint {
  /** The first point of the new regime. */
  readonly at: number;
  readonly pValue: number;
}

interface Split {
  readonly at: number;
  readonly statistic: number;
}

/** Sorted by place. Deterministic for a seeded `random`. */
export function changePoints(values: readonly number[], how: EDivisive, random: Random): ChangePoint[] {
  const found: ChangePoint[] = [];
  const splits = new Map<string, Split | undefined>();
  const splitOf = (from: number, to: number): Split | undefined => {
    const key = `${from}-${to}`;
    if (!splits.has(key)) {
      const best = bestSplit(values.slice(from, to), how.minSegment);
      splits.set(key, best && { at: best.at + from, statistic: best.statistic });
    }
    return splits.get(key);
  };
  for (;;) {
    const segments = segmentsOf(values.length, found);
    const candidates = segments.flatMap(([from, to]) => splitOf(from, to) ?? []);
    const best = candidates.sort((a, b) => b.statistic - a.statistic)[0];
    if (!best) break;
    const pValue = permutationPValue(values, segments, best.statistic, how, random);
    if (pValue > how.alpha) break;
    found.push({ at: best.at, pValue });
  }
  return found.sort((a, b) => a.at - b.at);
}

function segmentsOf(length: number, found: readonly ChangePoint[]): [number, number][] {
  const cuts = [0, ...found.map(({ at }) => at).sort((a, b) => a - b), length];
  return cuts.slice(1).map((to, index) => [cuts[index] as number, to]);
}

/** (1 + as extreme) / (1 + permutations). */
function permutationPValue(
  values: readonly number[],
  segments: readonly (readonly [number, number])[],
  observed: number,
  { permutations, minSegment }: EDivisive,
  random: Random,
): number {
  let extreme = 1;
  for (let draw = 0; draw < permutations; draw++) {
    const best = segments.map(([from, to]) => bestSplit(shuffled(values.slice(from, to), random), minSegment)?.statistic ?? 0);
    // The same split of the same values may differ in the last digits.
    if (Math.max(...best) >= observed * (1 - 1e-9)) extreme++;
  }
  return extreme / (permutations + 1);
}

/** Undefined for a segment that is too short to be split. O(n^2). */
export function bestSplit(values: readonly number[], minSegment: number): Split | undefined {
  const n = values.length;
  if (n < 2 * minSegment) return undefined;
  const sums = distanceSums(values);
  const sum = (row: number, from: number, to: number) => (sums[row * (n + 1) + to] as number) - (sums[row * (n + 1) + from] as number);
  let best: Split | undefined;
  let left = 0; // of all pairs before the split
  for (let at = 1; at <= n - minSegment; at++) {
    left += sum(at - 1, 0, at - 1);
    if (at < minSegment) continue;
    let right = 0; // of all pairs between the split and the end of the right part
    let across = 0;
    for (let end = at + 1; end <= n; end++) {
      right += sum(end - 1, at, end - 1);
      across += sum(end - 1, 0, at);
      if (end - at < minSegment) continue;
      const statistic = energy(left, right, across, at, end - at);
      if (statistic > (best?.statistic ?? 0)) best = { at, statistic };
    }
  }
  return best;
}

/** nm/(n+m) times the energy distance; a part of one point has no distance to itself. */
function energy(left: number, right: number, across: number, n: number, m: number): number {
  const within = (pairs: number, size: number) => (size < 2 ? 0 : pairs / ((size * (size - 1)) / 2));
  return ((n * m) / (n + m)) * ((2 * across) / (n * m) - within(left, n) - within(right, m));
}

/** Row i, column k: sum over j < k of |x_i - x_j|. */
function distanceSums(values: readonly number[]): Float64Array {
  const n = values.length;
  const sums = new Float64Array(n * (n + 1));
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      sums[i * (n + 1) + j + 1] = (sums[i * (n + 1) + j] as number) + Math.abs((values[i] as number) - (values[j] as number));
  return sums;
}
