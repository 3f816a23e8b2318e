import { expect, test } from 'vitest';
import { startMeters, type StartProgram } from '../../../src/clusters/lab/meters.ts';
import type { RunningProcess } from '../../../src/model/ports.ts';

/** Two programs that greet, and answer what the test says. */
function programs(
  greetings: { readonly 'stall-meter': string; readonly 'idle-soaker': string },
  answers: Record<string, readonly string[]>,
): StartProgram {
  return async (name, onLine) => {
    queueMicrotask(() => onLine(greetings[name]));
    const process: RunningProcess = {
      pid: 1,
      ended: new Promise(() => {}),
      outcome: () => undefined,
      writeLine: (line) => queueMicrotask(() => [...(answers[line] ?? []), '.'].forEach((each) => onLine(each))),
      send: () => {},
      stop: async () => {},
    };
    return process;
  };
}

test('stalls and soaked time are read line by line; without real-time rights the meter is called ordinary', async () => {
  const answers = { take: ['0 100 250', '1 300 900'], stop: ['0 2000 300 1700 5'] };
  const { stallMeter, soaker } = await startMeters(programs({ 'stall-meter': 'other', 'idle-soaker': 'ready' }, answers));
  expect(stallMeter.strength).toBe('ordinary');
  expect(await stallMeter.take()).toEqual([
    { cpu: 0, fromNs: 100, toNs: 250 },
    { cpu: 1, fromNs: 300, toNs: 900 },
  ]);
  await soaker.start();
  expect(await soaker.stop()).toEqual([{ cpu: 0, wallNs: 2000, takenNs: 300, ownNs: 1700, stolenNs: 5 }]);
  const real = await startMeters(programs({ 'stall-meter': 'fifo', 'idle-soaker': 'ready' }, { take: [] }));
  expect(real.stallMeter.strength).toBe('real-time');
  expect(await real.stallMeter.take()).toEqual([]);
});
