import { expect, test } from 'vitest';
import { hostRecord, maskWindows, MOST_LOGGED } from '../../../src/model/stall-mask.ts';

const MS = 1e6;

test('windows reach from 1 ms before to 0.5 ms after stalls of half a millisecond or more; overlapping ones are one', () => {
  const stalls = [
    { cpu: 1, fromNs: 20 * MS, toNs: 21 * MS },
    { cpu: 0, fromNs: 10 * MS, toNs: 10.2 * MS }, // too short
    { cpu: 0, fromNs: 22 * MS, toNs: 30 * MS },
    { cpu: 0, fromNs: 50 * MS, toNs: 51 * MS },
  ];
  expect(maskWindows(stalls)).toEqual([
    [19 * MS, 30.5 * MS],
    [49 * MS, 51.5 * MS],
  ]);
});

test('of a stall only what falls into the load counts as lost, over all CPUs', () => {
  const record = hostRecord(
    [
      { cpu: 0, fromNs: -10 * MS, toNs: 10 * MS },
      { cpu: 1, fromNs: 200 * MS, toNs: 300 * MS },
    ],
    'real-time',
    0,
    100 * MS,
    2,
  );
  expect(record).toMatchObject({ stalls: 1, longestNs: 10 * MS, lostShare: 0.05 });
});

test('of a million stalls the longest are written down, in the order of time; counted are all', () => {
  const stalls = Array.from({ length: 30_000 }, (_, at) => ({ cpu: 0, fromNs: at * 1000, toNs: at * 1000 + (at % 3 === 0 ? 900 : 10) }));
  const record = hostRecord(stalls, 'real-time', 0, 30e6, 1);
  expect(record.stalls).toBe(30_000);
  expect(record.log).toHaveLength(MOST_LOGGED);
  expect(record.log.every(([, from, to]) => to - from === 900)).toBe(true);
  expect(record.log.map(([, from]) => from)).toEqual(record.log.map(([, from]) => from).toSorted((a, b) => a - b));
});
