import { expect, test } from 'vitest';
import { Interrupted, unlessInterrupted } from '../../../src/run/interruption.ts';

test('what is waited for, its failure, or the interruption, whichever comes first', async () => {
  const never = new AbortController().signal;
  expect(await unlessInterrupted(Promise.resolve(1), never)).toBe(1);
  await expect(unlessInterrupted(Promise.reject(new Error('broken')), never)).rejects.toThrow('broken');
  const stop = new AbortController();
  const waiting = unlessInterrupted(new Promise(() => {}), stop.signal);
  stop.abort();
  await expect(waiting).rejects.toThrow(Interrupted);
});

// A rejection that nobody handles would end the whole process before anything is undone.
test('work that fails after an interruption is nobody’s error, even when the interruption came first', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  const work = Promise.withResolvers<never>();
  await expect(unlessInterrupted(work.promise, AbortSignal.abort())).rejects.toThrow(Interrupted);
  work.reject(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
