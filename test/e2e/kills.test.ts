/** Thirty kills of real runs at random instants; `npm run crash -- --n 1000` does more. */
import { expect, test } from 'vitest';
import { KILLS, type KillRecord } from '../crash/attempt.ts';
import { crashCampaign } from '../crash/campaign.ts';

test('killed at any instant: nothing leaked, nothing lost, nothing wrong', async () => {
  const records: KillRecord[] = [];
  await crashCampaign({ kills: 30, seed: 'ci', atOnce: 4, longestMs: 9000, noted: (record) => void records.push(record) });
  const bad = records.filter(({ leaked, lost, wrong }) => leaked.length + lost.length + wrong.length > 0);
  expect(bad).toEqual([]);
  expect(new Set(records.filter(({ outcome }) => outcome !== 'not killed').map(({ kind }) => kind))).toEqual(new Set(KILLS));
}, 900_000);
