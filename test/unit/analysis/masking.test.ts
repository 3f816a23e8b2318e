import { expect, test } from 'vitest';
import { maskingVerdict } from '../../../src/analysis/masking.ts';
import type { TrialRecord } from '../../../src/model/records.ts';
import { trialOf } from '../../records.ts';

const trial = (arm: string, dropped: number, meter: 'real-time' | 'ordinary' = 'real-time'): TrialRecord => ({
  ...trialOf({ block: 0, arm, latenciesNs: Array.from({ length: 4000 }, () => 1e6) }),
  masked: { arm, response: { count: 4000 - dropped, hdr: '' }, dropped },
  host: { meter, stalls: 1, longestNs: 1e6, lostShare: 0, log: [] },
});

test('masked figures decide only where masking took little, and the same share of every arm, by a meter that outranks the load', () => {
  expect(maskingVerdict([[trial('a', 40)], [trial('b', 44)]])).toMatchObject({ used: true });
  expect(maskingVerdict([[trial('a', 20)], [trial('b', 90)]])).toMatchObject({
    used: false,
    reason: expect.stringContaining('unequal') as string,
  });
  expect(maskingVerdict([[trial('a', 400)], [trial('b', 410)]])).toMatchObject({
    used: false,
    reason: expect.stringContaining('more than') as string,
  });
  expect(maskingVerdict([[trial('a', 40, 'ordinary')], [trial('b', 44, 'ordinary')]])).toMatchObject({
    used: false,
    reason: expect.stringContaining('real-time rights') as string,
  });
  expect(maskingVerdict([[trialOf({ block: 0, arm: 'a', latenciesNs: [1] })]])).toMatchObject({
    used: false,
    reason: 'no stall meter ran',
  });
});
