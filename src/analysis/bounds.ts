/**
 * Instruments that bound a value (a counter that is only sampled near the edges of a window) make an interval wider: the
 * truth of each block may be anywhere in its bounds, so the interval reaches from the lower end of what the lower bounds
 * give to the upper end of what the upper ones give.
 */
import type { BlockValue } from './series.ts';
import type { Interval } from './statistics/interval.ts';

export interface Bounded {
  readonly mid: number;
  readonly low: number;
  readonly high: number;
}

export function boundsOf({ value, range }: BlockValue): Bounded {
  return { mid: value, low: Math.min(value, range?.[0] ?? value), high: Math.max(value, range?.[1] ?? value) };
}

/** `find`: the interval of plain values. Where nothing is bounded it is asked once. */
export function widened<T extends { readonly interval: Interval }>(
  values: readonly Bounded[],
  find: (values: readonly number[]) => T | undefined,
): T | undefined {
  const found = find(values.map(({ mid }) => mid));
  if (!found || values.every(({ low, mid, high }) => low === mid && high === mid)) return found;
  const [lower, upper] = [find(values.map(({ low }) => low)), find(values.map(({ high }) => high))];
  const { interval } = found;
  return {
    ...found,
    interval: {
      ...interval,
      low: Math.min(interval.low, lower?.interval.low ?? -Infinity),
      high: Math.max(interval.high, upper?.interval.high ?? Infinity),
    },
  };
}
