import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../model/ports.ts';

export const clock: Clock = {
  monotonicNs: () => Number(process.hrtime.bigint()),
  wallTime: () => new Date(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal ? { signal } : undefined),
};
