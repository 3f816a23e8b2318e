/**
 * The sign-flip test of "differences are symmetric about zero": exact where the order of arms in a block was random,
 * whatever the distribution. The cross-check of every headline verdict.
 */
import { sum } from 'simple-statistics';
import type { Random } from '../../model/random.ts';

/** Up to this many values all 2^n sign patterns are counted. */
const EXACT_UP_TO = 16;
const DRAWS = 20_000;
/** Long series get fewer draws: additions in all. */
const MOST_WORK = 4e6;

/** Two-sided p. Its smallest value is 2^(1-n): below 8 values it cannot support a verdict. */
export function signFlipPValue(values: readonly number[], random: Random): number {
  const n = values.length;
  if (n === 0) return 1;
  const observed = Math.abs(sum([...values]));
  const atLeast = (total: number) => Math.abs(total) >= observed * (1 - 1e-12);
  if (n <= EXACT_UP_TO) {
    let extreme = 0;
    for (let pattern = 0; pattern < 2 ** n; pattern++) {
      let total = 0;
      for (let i = 0; i < n; i++) total += pattern & (1 << i) ? -(values[i] as number) : (values[i] as number);
      if (atLeast(total)) extreme++;
    }
    return extreme / 2 ** n;
  }
  const draws = Math.max(1000, Math.min(DRAWS, Math.floor(MOST_WORK / n)));
  let extreme = 1; // the observed pattern is one of them
  for (let draw = 0; draw < draws; draw++) {
    let total = 0;
    let signs = 0;
    for (let i = 0; i < n; i++) {
      if (i % 32 === 0) signs = random.below(2 ** 32);
      total += signs & 1 ? (values[i] as number) : -(values[i] as number);
      signs >>>= 1;
    }
    if (atLeast(total)) extreme++;
  }
  return extreme / (draws + 1);
}
