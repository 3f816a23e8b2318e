import { expect, test } from 'vitest';
import { COMPONENTS } from '../../../src/analysis/metrics.ts';
import { componentEncoding, logTicks, NOBODY, seriesEncoding } from '../../../src/charts/panels.ts';

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

test('a component has one colour, whatever else a chart shows, and no two have the same', () => {
  const all = componentEncoding([...COMPONENTS, NOBODY]).scale;
  expect(new Set(all.range).size).toBe(COMPONENTS.length + 1);
  const few = componentEncoding(['server-app', 'client-proxy']).scale;
  expect(few.range).toEqual(few.domain.map((component) => all.range[all.domain.indexOf(component)]));
});

test('forty datapaths, and no two are drawn alike', () => {
  const arms = Array.from({ length: 40 }, (_, index) => `arm-${index}`);
  const { color, shape, strokeDash } = seriesEncoding(arms);
  const drawn = (other: readonly unknown[]) => new Set(arms.map((_, at) => JSON.stringify([color.scale.range[at], other[at]]))).size;
  expect(drawn(shape.scale.range)).toBe(40);
  expect(drawn(strokeDash.scale.range)).toBe(40);
});
