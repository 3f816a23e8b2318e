/** Hierarchical bootstrap: deployments with replacement, then blocks within each (libkalibera's scheme, percentile interval). */
import { quantileSorted } from 'simple-statistics';
import type { Random } from '../../model/random.ts';
import type { Interval } from './interval.ts';

/** Long series get fewer draws: additions in all. */
const MOST_WORK = 4e5;
const FEWEST_DRAWS = 400;

/** Of the mean of block values; `groups` holds the blocks of each deployment. Undefined below 2 deployments. */
export function hierarchicalBootstrap(
  groups: readonly (readonly number[])[],
  confidence: number,
  random: Random,
  most = 2000,
): Interval | undefined {
  const filled = groups.filter((group) => group.length > 0);
  if (filled.length < 2) return undefined;
  const size = filled.reduce((sum, group) => sum + group.length, 0);
  const draws = Math.min(most, Math.max(FEWEST_DRAWS, Math.floor(MOST_WORK / size)));
  const means = Array.from({ length: draws }, () => {
    let total = 0;
    for (let i = 0; i < filled.length; i++) {
      const group = filled[random.below(filled.length)] as readonly number[];
      let sum = 0;
      for (let j = 0; j < group.length; j++) sum += group[random.below(group.length)] as number;
      total += sum / group.length;
    }
    return total / filled.length;
  }).sort((a, b) => a - b);
  const tail = (1 - confidence) / 2;
  const all = filled.flat();
  const estimate = filled.reduce((sum, group) => sum + group.reduce((a, b) => a + b, 0) / group.length, 0) / filled.length;
  return { estimate, low: quantileSorted(means, tail), high: quantileSorted(means, 1 - tail), n: all.length };
}
