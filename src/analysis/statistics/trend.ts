/** Is a series steady? Trend by Theil and Sen, jumps by the energy distance. */
import { median } from 'simple-statistics';
import type { Random } from '../../model/random.ts';
import { changePoints } from './e-divisive.ts';

/** The median of the slopes of all pairs, per step of the series (Sen, J. Am. Stat. Assoc. 63, 1968). */
export function theilSenSlope(values: readonly number[]): number {
  const slopes: number[] = [];
  for (let i = 0; i < values.length; i++)
    for (let j = i + 1; j < values.length; j++) slopes.push(((values[j] as number) - (values[i] as number)) / (j - i));
  return slopes.length === 0 ? 0 : median(slopes);
}

const JUMPS = { minSegment: 3, permutations: 199, alpha: 0.01 };

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
      changePoints(
        bins.map((value) => Math.log(Math.max(value, 1e-9))),
        JUMPS,
        random,
      ).length === 0
    )
      return start;
  }
  return undefined;
}
