import { expect, test } from 'vitest';
import { logTicks } from '../../../src/charts/panels.ts';

test('1, 2 and 5 of each decade', () => {
  expect(logTicks(0.9, 30)).toEqual([1, 2, 5, 10, 20]);
});

test.each([
  [0, 10],
  [-1, 10],
  [Number.NaN, 10],
  [1, Number.POSITIVE_INFINITY],
])('from %s to %s there are none, rather than no end of them', (low, high) => {
  expect(logTicks(low, high)).toEqual([]);
});
