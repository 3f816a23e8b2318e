/** Is a series steady? Trend by Theil and Sen, jumps by the energy distance. */
import { median } from 'simple-statistics';
import type { Random } from '../../model/random.ts';
import { shuffled } from '../../model/random.ts';

/** The median of the slopes of all pairs, per step of the series (Sen, J. Am. Stat. Assoc. 63, 1968). */
export function theilSenSlope(values: readonly number[]): number {
  const slopes: number[] = [];
  for (let i = 0; i < values.length; i++)
    for (let j = i + 1; j < values.length; j++) slopes.push(((values[j] as number) - (values[i] as number)) / (j - i));
  return slopes.length === 0 ? 0 : median(slopes);
}

const PERMUTATIONS = 199;
const SHORTEST_SEGMENT = 3;

/** p of the best single split of a series by E-divisive's statistic (Matteson, James, arXiv 1306.4933), by permutation. */
export function changePointPValue(values: readonly number[], random: Random): number {
  if (values.length < 2 * SHORTEST_SEGMENT) return 1;
  const observed = bestSplit(values);
  let extreme = 1;
  for (let i = 0; i < PERMUTATIONS; i++) if (bestSplit(shuffled(values, random)) >= observed) extreme++;
  return extreme / (PERMUTATIONS + 1);
}

function bestSplit(values: readonly number[]): number {
  let best = 0;
  for (let at = SHORTEST_SEGMENT; at <= values.length - SHORTEST_SEGMENT; at++) {
    best = Math.max(best, energy(values.slice(0, at), values.slice(at)));
  }
  return best;
}

/** nm/(n+m) times the energy distance of two samples. */
function energy(a: readonly number[], b: readonly number[]): number {
  const [n, m] = [a.length, b.length];
  const within = (x: readonly number[]) => spread(x, x) / (x.length * x.length);
  return ((n * m) / (n + m)) * ((2 * spread(a, b)) / (n * m) - within(a) - within(b));
}

function spread(a: readonly number[], b: readonly number[]): number {
  let total = 0;
  for (const x of a) for (const y of b) total += Math.abs(x - y);
  return total;
}

const STEADY_BINS = 10;
const STEADY_SLOPE = 0.01;

/**
 * The first of the one-second bins from which the series is steady: the next 10 bins drift by at most 1 % and hold no
 * jump at p < 0.01 (after Barrett et al., OOPSLA 2017); undefined when it never is.
 */
export function steadyFrom(values: readonly number[], random: Random): number | undefined {
  for (let start = 0; start + STEADY_BINS <= values.length; start++) {
    const bins = values.slice(start, start + STEADY_BINS);
    const drift = Math.abs(theilSenSlope(bins) * STEADY_BINS) / Math.abs(median(bins) || 1);
    if (
      drift <= STEADY_SLOPE &&
      changePointPValue(
        bins.map((value) => Math.log(Math.max(value, 1e-9))),
        random,
      ) >= 0.01
    )
      return start;
  }
  return undefined;
}
