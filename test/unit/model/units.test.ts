import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDifference, formatEstimate, significant } from '../../../src/model/format.ts';
import { seededRandom, shuffled } from '../../../src/model/random.ts';
import { durationNs, formatDuration, parseBytes, parseDurationNs, parseRatePerSecond } from '../../../src/model/units.ts';

describe('quantities', () => {
  test.each([
    ['250ms', 250e6],
    ['3s', 3e9],
    ['1.5 s', 1.5e9],
    ['2m', 120e9],
  ])('%s is a duration', (text, ns) => expect(parseDurationNs(text)).toBe(ns));
  test.each(['3', '3 parsecs', '-3s', '', 's', '3sm', '1e3s', '3constructor'])('%j is no duration', (text) =>
    expect(parseDurationNs(text)).toBeUndefined(),
  );
  test('sizes and rates', () => {
    expect(parseBytes('16KiB')).toBe(16384);
    expect(parseBytes('16')).toBeUndefined();
    expect(parseRatePerSecond('2k/s')).toBe(2000);
    expect(parseRatePerSecond('-5/s')).toBeUndefined();
    expect(parseRatePerSecond('5')).toBeUndefined();
  });
  test('a quantity out of range names the range', () => {
    const result = durationNs({ min: 1e9, max: 2e9 }).safeParse('3s');
    expect(result.error?.issues[0]?.message).toContain('between 1s and 2s');
  });
  test('what is written can be read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 119 }), fc.constantFrom('ns', 'us', 'ms', 's'), (n, unit) => {
        const ns = parseDurationNs(`${n}${unit}`) ?? -1;
        expect(parseDurationNs(formatDuration(ns))).toBe(ns);
      }),
    );
  });
});

describe('figures', () => {
  test('three significant digits', () => {
    expect([0.001234, 0.1234, 1.234, 12.34, 123.4, 1234].map(significant)).toEqual(['0.00123', '0.123', '1.23', '12.3', '123', '1234']);
  });
  test('all three numbers of a difference share the unit of the estimate', () => {
    expect(formatDifference('ns', { estimate: 530_000, low: 500_000, high: 1_056_000 })).toBe('+530 us [+500, +1056]');
    expect(formatEstimate('ns', { estimate: 2e6, low: 1.9e6, high: 2.1e6 })).toBe('2.00 ms ±5 %');
  });
});

describe('seeded randomness', () => {
  test('is uniform, reproducible and differs between seeds', () => {
    const draw = (seed: string) => {
      const random = seededRandom(seed);
      return Array.from({ length: 20_000 }, () => random.uniform());
    };
    const values = draw('a');
    expect(values).toEqual(draw('a'));
    expect(values).not.toEqual(draw('b'));
    const deciles = Array.from({ length: 10 }, (_, i) => values.filter((value) => Math.floor(value * 10) === i).length);
    const chiSquare = deciles.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
    expect(chiSquare).toBeLessThan(27.9); // 9 degrees of freedom, p = 0.001
  });
  test('exponential has mean 1 and variation 1; normal mean 0 and deviation 1', () => {
    const random = seededRandom('moments');
    const moments = (draw: () => number) => {
      const values = Array.from({ length: 50_000 }, draw);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
    };
    expect(moments(() => random.exponential()).mean).toBeCloseTo(1, 1);
    expect(moments(() => random.exponential()).deviation).toBeCloseTo(1, 1);
    expect(moments(() => random.normal()).mean).toBeCloseTo(0, 1);
    expect(moments(() => random.normal()).deviation).toBeCloseTo(1, 1);
  });
  test('shuffling keeps all elements and the input', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.string(), (items, seed) => {
        const before = [...items];
        expect(shuffled(items, seededRandom(seed)).toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b));
        expect(items).toEqual(before);
      }),
    );
  });
});
