import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { ObserverClient } from '../../../src/collectors/hubble/client.ts';
import { Following } from '../../../src/collectors/hubble/following.ts';
import { ManualClock } from '../../fakes.ts';

test('a server that tells of one instant without end does not fill the memory: it is told as failed', async () => {
  const stream = Object.assign(new EventEmitter(), { cancel: () => {} });
  const following = new Following({ follow: () => stream } as unknown as ObserverClient, new ManualClock(), () => {});
  const begun = following.begin();
  const tell = (uuid: number) => stream.emit('data', { flow: { time: { seconds: 1_700_000_000, nanos: 5 }, uuid: `u${uuid}` } });
  for (let uuid = 0; uuid < 50_000; uuid++) tell(uuid);
  await begun;
  expect([following.received, following.failure]).toEqual([50_000, undefined]);
  tell(50_000);
  expect(following.failure).toBe('more than 50000 flows of one instant');
});
