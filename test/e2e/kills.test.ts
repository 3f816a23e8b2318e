/** Thirty kills of real runs in all of their phases; `npm run crash -- --n 1000` does more. */
import { expect, test } from 'vitest';
import { isBad } from '../campaign/record.ts';
import { KILLS, type KillRecord } from '../crash/attempt.ts';
import { crashCampaign, type LookRecord } from '../crash/campaign.ts';

test('killed at any instant: nothing leaked, nothing lost, nothing wrong', async () => {
  const kills: KillRecord[] = [];
  const looks: LookRecord[] = [];
  await crashCampaign({
    kills: 30,
    seed: 'ci',
    atOnce: 4,
    noted: (record) => void (record.kind === 'whole machine' ? looks.push(record) : kills.push(record)),
  });
  expect(kills.filter(isBad)).toEqual([]);
  expect(looks.filter(({ leaked }) => leaked.length > 0)).toEqual([]);
  const killed = kills.filter(({ outcome }) => outcome !== 'not killed');
  expect(new Set(killed.map(({ kind }) => kind))).toEqual(new Set(KILLS));
  expect(killed.filter(({ trials }) => trials > 0).length).toBeGreaterThanOrEqual(10);
}, 900_000);
