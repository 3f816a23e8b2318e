import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines } from '../../../src/workloads/server/delay.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date'] }));
afterEach(() => void vi.useRealTimers());

test('what is due earlier does not wait for what came earlier', () => {
  const begun = Date.now();
  let looks = 0;
  // It polls near a deadline: each look takes a little.
  const deadlines = new Deadlines(() => (Date.now() - begun) * 1e6 + looks++ * 1e4);
  const served: string[] = [];
  deadlines.at(20e6, () => served.push('slow'));
  deadlines.at(5e6, () => served.push('fast'));
  deadlines.at(21e6, () => served.push('slower'));
  vi.advanceTimersByTime(8);
  expect(served).toEqual(['fast']);
  vi.advanceTimersByTime(30);
  expect(served).toEqual(['fast', 'slow', 'slower']);
});
