/** How the observer talks with the program that reads the perf events. */
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { EventReader } from '../../../src/clusters/lab/observer/event-reader.ts';
import { KIND, RECORD_BYTES } from '../../../src/clusters/lab/observer/records.ts';

const record = (kind: number) => Buffer.alloc(RECORD_BYTES, kind).fill(0, 1);
const reader = () => {
  const ends = { stdin: new PassThrough(), stdout: new PassThrough() };
  const kinds: number[] = [];
  return {
    ends,
    kinds,
    reader: new EventReader(
      ends,
      (bytes, at) => void kinds.push(bytes.readUInt8(at)),
      () => {},
    ),
  };
};
afterEach(() => void vi.useRealTimers());

describe('the reader of the events', () => {
  test('is open with its first empty record; the next one answers who asked', async () => {
    const { ends, kinds, reader: events } = reader();
    ends.stdout.write(record(KIND.ready));
    await events.opened;
    const settled = events.settled();
    expect(ends.stdin.read()?.toString()).toBe('?');
    ends.stdout.write(Buffer.concat([record(KIND.event), record(KIND.lost), record(KIND.ready)]));
    await settled;
    expect(kinds).toEqual([KIND.event, KIND.lost]);
  });

  test('records may come in any pieces', async () => {
    const { ends, kinds, reader: events } = reader();
    const all = Buffer.concat([record(KIND.ready), record(KIND.event), record(KIND.event), record(KIND.ready)]);
    const settled = events.settled();
    for (let at = 0; at < all.length; at += 33) ends.stdout.write(all.subarray(at, at + 33));
    await settled;
    expect(kinds).toEqual([KIND.event, KIND.event]);
  });

  test('that stands still is told of, and what it answers later is not taken for another answer', async () => {
    vi.useFakeTimers();
    const { ends, reader: events } = reader();
    ends.stdout.write(record(KIND.ready));
    await events.opened;
    const first = events.settled();
    const told = expect(first).rejects.toThrow('no answer within 2000 ms');
    await vi.advanceTimersByTimeAsync(2001);
    await told;
    let isAnswered = false;
    const second = events.settled().then(() => (isAnswered = true));
    ends.stdout.write(record(KIND.ready));
    await vi.advanceTimersByTimeAsync(1);
    expect(isAnswered).toBe(false);
    ends.stdout.write(record(KIND.ready));
    await second;
  });
});
