/** Are successive blocks independent? If not, intervals over them are too narrow. */
import { mean } from 'simple-statistics';

/** Above this, neighbouring blocks are merged in pairs. */
const TOLERATED_CORRELATION = 0.2;
/** Fewer merged blocks than this support no verdict. */
const FEWEST = 6;

/** Lag-1 autocorrelation, corrected for the bias of short series (+ (1 + 3 r) / n; Kendall, Biometrika 41, 1954). */
export function lagOneCorrelation(values: readonly number[]): number {
  const n = values.length;
  if (n < 4) return 0;
  const average = mean([...values]);
  let [products, squares] = [0, 0];
  for (let i = 0; i < n; i++) {
    const each = (values[i] as number) - average;
    squares += each * each;
    if (i > 0) products += each * ((values[i - 1] as number) - average);
  }
  if (squares === 0) return 0;
  const raw = products / squares;
  return Math.max(-1, Math.min(1, raw + (1 + 3 * raw) / n));
}

export interface Independent {
  readonly values: readonly number[];
  /** How many neighbouring blocks make one value. */
  readonly merged: number;
  readonly correlation: number;
  /**
   * Still correlated with too few values left to merge further: what an interval must be widened by,
   * sqrt((1 + r) / (1 - r)), the variance of the mean of a first-order process over that of independent values. Else 1.
   */
  readonly inflation: number;
}

/** Beyond this a correlation estimated from a few values says little more. */
const MOST_CORRELATION = 0.9;

/** Merges neighbours in pairs until successive values no longer correlate, or until too few would be left. */
export function independentValues(values: readonly number[]): Independent {
  let current: readonly number[] = values;
  for (let merged = 1; ; merged *= 2) {
    const correlation = lagOneCorrelation(current);
    if (correlation <= TOLERATED_CORRELATION) return { values: current, merged, correlation, inflation: 1 };
    if (Math.floor(current.length / 2) < FEWEST) {
      // So few values show a correlation of this size by chance one time in six.
      const byChance = correlation <= TOLERATED_CORRELATION + 1 / Math.sqrt(current.length);
      const r = Math.min(MOST_CORRELATION, correlation);
      return { values: current, merged, correlation, inflation: byChance ? 1 : Math.sqrt((1 + r) / (1 - r)) };
    }
    current = pairs(current);
  }
}

/** An odd one out joins the last pair. */
function pairs(values: readonly number[]): number[] {
  const result: number[] = [];
  for (let i = 0; i + 1 < values.length; i += 2) {
    const isLast = i + 3 === values.length;
    result.push(mean(values.slice(i, isLast ? i + 3 : i + 2)));
  }
  return result;
}
