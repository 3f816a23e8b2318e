import { expect, test } from 'vitest';
import type { ArmClient } from '../../../src/generators/process/arm-client.ts';
import { ArmRecorder } from '../../../src/generators/process/arm-recorder.ts';

const client = { trySend: () => true, opened: () => 1, inFlight: () => 0, abandon: () => {} } as unknown as ArmClient;

test('masked is what was due in a stall, however long after it was handed over', () => {
  const recorder = new ArmRecorder('a', client);
  // Due at 1, 4, 5 and 6 ms; the host stood still from 2 to 5.5 ms, and the two of that time are handed over late.
  for (const [due, enqueued] of [
    [1e6, 1e6],
    [4e6, 5.6e6],
    [5e6, 9e6],
    [6e6, 9.1e6],
  ] as const) {
    recorder.enqueue(enqueued, due);
    client.onDone(enqueued, enqueued + 1e5, undefined);
  }
  expect(recorder.mask([[2e6, 5.5e6]])).toMatchObject({ dropped: 2, response: { count: 2 } });
  expect(recorder.mask([[5.55e6, 9.05e6]])).toMatchObject({ dropped: 1 });
  expect(recorder.mask([])).toMatchObject({ dropped: 0 });
});
