import { afterEach, expect, test, vi } from 'vitest';
import type { Reading } from '../../../src/model/contracts/collector.ts';
import { closeAll, inTime, orNotMeasured } from '../../../src/run/instruments.ts';

afterEach(() => vi.useRealTimers());

const reading = (value: number, range?: [number, number]): Reading => ({
  collector: 'c',
  metric: 'cpu',
  component: 'machine',
  unit: 'ns',
  kind: 'counter',
  value,
  ...(range ? { range } : {}),
});

test.each([
  ['a figure', reading(5, [4, 6]), true],
  ['zero', reading(0), true],
  ['no number', reading(Number.NaN), false],
  ['no end', reading(Number.POSITIVE_INFINITY), false],
  ['a counter that went back', reading(-1), false],
  ['a bound below zero', reading(1, [-1, 2]), false],
  ['a text', reading('12' as unknown as number), false],
])('%s', (_, given, isFigure) => {
  const kept = orNotMeasured(given);
  expect('value' in kept).toBe(isFigure);
  if (!isFigure)
    expect(kept).toMatchObject({ collector: 'c', metric: 'cpu', component: 'machine', notMeasured: expect.stringMatching(/^it said /) });
});

test('what never answers is given up after a while, with its name', async () => {
  vi.useFakeTimers();
  const waiting = inTime('cadvisor', new Promise(() => {}));
  const outcome = expect(waiting).rejects.toThrow(/MT3012|cadvisor.*took longer/);
  await vi.advanceTimersByTimeAsync(91_000);
  await outcome;
});

test('nonsense is not measured, and what was said is kept in words', async () => {
  const recording = { close: async () => [reading(Number.NaN), reading(7)] };
  const readings = await closeAll([[{ collector: 'c', arm: 'a', recording }]]);
  expect(readings.get('a')).toMatchObject([{ notMeasured: 'it said NaN' }, { value: 7 }]);
});
