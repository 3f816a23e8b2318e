/** A few thousand inputs for every parser of what comes from outside; `npm run fuzz -- --n 100000` does more. */
import { expect, test } from 'vitest';
import { targets } from './campaign.ts';
import { fuzzWatched } from './watched.ts';

test.each(targets.map(({ target, share }) => [target.id, share] as const))(
  '%s: a coded error or a right result',
  async (id, share) => {
    const { failures } = await fuzzWatched(id, Math.ceil(share * 6000), 'ci');
    expect(failures).toEqual([]);
  },
  120_000,
);
