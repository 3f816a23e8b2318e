/** A few thousand inputs for every parser of what comes from outside; `npm run fuzz -- --n 100000` does more. */
import { expect, test } from 'vitest';
import { fuzz, targets } from './campaign.ts';

test.each(targets.map(({ target, share }) => [target.id, target, share] as const))(
  '%s: a coded error or a right result',
  async (_, target, share) => {
    const { failures } = await fuzz(target, Math.ceil(share * 6000), 'ci');
    expect(failures).toEqual([]);
  },
  120_000,
);
