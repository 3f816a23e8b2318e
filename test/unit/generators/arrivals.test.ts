import { describe, expect, test } from 'vitest';
import { arrivalTimes, type ArrivalSpec } from '../../../src/generators/process/arrivals.ts';

const spec = (change: Partial<ArrivalSpec> = {}): ArrivalSpec => ({
  seed: 's',
  arrivals: 'poisson',
  ratePerSecond: 1000,
  durationNs: 20e9,
  arms: 1,
  ...change,
});

function gapsOf(each: ArrivalSpec): number[] {
  const times = [...arrivalTimes(each)].map((arrival) => arrival.offsetNs);
  return times.map((time, index) => time - (times[index - 1] ?? 0));
}

describe('arrivals', () => {
  test('Poisson: gaps have the right mean and variation 1', () => {
    const gaps = gapsOf(spec());
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length) / mean;
    expect(mean / 1e6).toBeCloseTo(1, 1);
    expect(variation).toBeCloseTo(1, 1);
  });
  test('uniform: all gaps equal', () => {
    expect(new Set(gapsOf(spec({ arrivals: 'uniform', durationNs: 1e9 })).map((gap) => Math.round(gap)))).toEqual(new Set([1e6]));
  });
  test('ends at the duration, or after a number of requests', () => {
    expect([...arrivalTimes(spec())].at(-1)?.offsetNs).toBeLessThanOrEqual(20e9);
    expect([...arrivalTimes(spec({ requests: 77, durationNs: 0 }))]).toHaveLength(77);
  });
  test('the seed draws the same arrivals again, and each arm gets its share', () => {
    expect(gapsOf(spec())).toEqual(gapsOf(spec()));
    expect(gapsOf(spec())).not.toEqual(gapsOf(spec({ seed: 't' })));
    const arms = [...arrivalTimes(spec({ arms: 4 }))].map((arrival) => arrival.arm);
    for (const arm of [0, 1, 2, 3]) expect(Math.abs(arms.filter((each) => each === arm).length / arms.length - 0.25)).toBeLessThan(0.02);
  });
  test('the number of arms changes no arrival time: duet and single runs see the same process', () => {
    expect([...arrivalTimes(spec({ arms: 4 }))].map((each) => each.offsetNs)).toEqual(
      [...arrivalTimes(spec())].map((each) => each.offsetNs),
    );
  });
});

describe('several arms', () => {
  const arms = (change: Partial<ArrivalSpec>) =>
    [...arrivalTimes({ seed: 's', arrivals: 'poisson', ratePerSecond: 1000, durationNs: 0, requests: 4000, arms: 4, ...change })].map(
      ({ arm }) => arm,
    );
  const counts = (drawn: readonly number[]) => [0, 1, 2, 3].map((arm) => drawn.filter((each) => each === arm).length);

  test('a known number of requests is shared equally, each drawn apart', () => {
    const drawn = arms({});
    expect(counts(drawn)).toEqual([1000, 1000, 1000, 1000]);
    // A coin, not a turn: the next arm is another in three of four cases.
    const changes = drawn.filter((arm, index) => index > 0 && arm !== drawn[index - 1]).length;
    expect(Math.abs(changes / 4000 - 0.75)).toBeLessThan(0.03);
  });

  test('in slices every arm has its turn once a round, and as many requests', () => {
    const drawn = arms({ requestsPerSlice: 250 });
    expect(counts(drawn)).toEqual([1000, 1000, 1000, 1000]);
    for (let round = 0; round < 4; round++) {
      const turns = [0, 1, 2, 3].map((turn) => drawn.slice(round * 1000 + turn * 250, round * 1000 + (turn + 1) * 250));
      expect(turns.every((turn) => new Set(turn).size === 1)).toBe(true);
      expect(new Set(turns.map((turn) => turn[0])).size).toBe(4);
    }
  });
});
