import { expect, test } from 'vitest';
import { hostRecord, maskWindows } from '../../../src/model/stall-mask.ts';

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
