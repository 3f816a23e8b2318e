import { describe, expect, test } from 'vitest';
import { boundsOf, widened } from '../../../src/analysis/bounds.ts';
import { intervalOf } from '../../../src/analysis/statistics/interval.ts';

const value = (mid: number, range?: readonly [number, number]) => boundsOf({ block: 0, deployment: 0, value: mid, range, sent: null });
const find = (values: readonly number[]) => {
  const interval = intervalOf(values, 0.95, 'fixed');
  return interval && { interval };
};

describe('values that their instrument bounds', () => {
  test('without bounds the interval is the plain one', () => {
    const plain = [10, 11, 12];
    expect(
      widened(
        plain.map((each) => value(each)),
        find,
      ),
    ).toEqual(find(plain));
  });
  test('the interval reaches as far as the bounds let the truth be', () => {
    const wide = widened([value(10, [8, 15]), value(11, [9, 16]), value(12, [10, 17])], find)?.interval;
    expect(wide?.estimate).toBe(11);
    expect(wide?.low).toBeCloseTo(find([8, 9, 10])?.interval.low ?? 0);
    expect(wide?.high).toBeCloseTo(find([15, 16, 17])?.interval.high ?? 0);
  });
  test('it is never narrower than without them, and covers a truth anywhere inside', () => {
    // Known truth 100; every block reads it with a bound that contains it.
    const seen = [92, 104, 99, 107, 95].map((mid) => value(mid, [Math.min(mid, 100) - 3, Math.max(mid, 100) + 3]));
    const wide = widened(seen, find)?.interval;
    const plain = find(seen.map(({ mid }) => mid))?.interval;
    expect(wide?.low).toBeLessThanOrEqual(plain?.low ?? 0);
    expect(wide?.high).toBeGreaterThanOrEqual(plain?.high ?? 0);
    expect(wide && wide.low < 100 && wide.high > 100).toBe(true);
  });
});
