import { expect, test } from 'vitest';
import { failuresOf } from '../../../src/calibrate/failures.ts';

const rate = (low: number) => ({ rate: low, low, high: 1, n: 50 });
const slowed = (metric: string, estimate: number | null) => ({
  ...{ metric, size: 0.05, delayNs: 10_000, estimate, low: estimate, high: estimate },
  ...{ verdict: estimate === null ? 'none' : 'unresolved', secondsToVerdict: null },
});
const good = {
  quantileError: { 'http-open': { p50: 0.01, p90: 0.01, p99: 0.01 } },
  stall: { 'http-open': { p90Error: 0, p99Error: 0.01, dropped: 0 } },
  falsePositives: { 'latency.p50': rate(0), 'latency.p99': rate(0), 'cpu.machine': rate(0) },
  injected: [slowed('latency.p50', 0.05), slowed('latency.p99', 0.04)],
};

test('a host on which all holds has none', () => expect(failuresOf(good)).toEqual([]));

test.each([
  ['a clock that is wrong', { quantileError: { 'http-open': { p50: 0.01, p90: 0, p99: 0.03 } } }, ['p99 by 3.0 %']],
  ['no figure is no figure that holds', { quantileError: { 'http-open': { p50: Number.NaN, p90: 0, p99: 0 } } }, ['NaN']],
  ['requests without an answer', { stall: { 'http-open': { p90Error: 0, p99Error: 0, dropped: 1 } } }, ['1 requests without answer']],
  ['identical ones called different', { falsePositives: { ...good.falsePositives, 'latency.p99': rate(0.06) } }, ['called different']],
  [
    'a run without a valid trial',
    { falsePositives: {}, injected: [] },
    ['p50: id', 'p99: id', 'cpu.machine: id', 'p50: a slow', 'p99: a slow'],
  ],
  ['a slowdown of which no trial is valid', { injected: [slowed('latency.p50', 0.05), slowed('latency.p99', null)] }, ['p99: a slowdown']],
  [
    'a slowdown that is called none',
    { injected: [{ ...slowed('latency.p50', 0.05), verdict: 'no difference' }, slowed('latency.p99', 0.04)] },
    ['no difference'],
  ],
])('%s', (_title, change, words) => {
  const failures = failuresOf({ ...good, ...change });
  expect(failures).toEqual(words.map((each) => expect.stringContaining(each) as string));
});
