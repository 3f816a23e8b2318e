import type { ValidityCheck } from '../model/contracts/check.ts';

/**
 * More requests waiting for a connection at the end than a tenth of a second of load: the system did not keep up. Where arms take
 * turns each has ended before the window does, and what it left waiting is served in the next one's: there it is the most that waited.
 */
const TOLERATED_SECONDS = 0.1;

export const backlogEmpty: ValidityCheck = {
  stage: 'validity',
  code: 'MT0303',
  title: 'backlog empty at the end',
  judge({ requested, result, design, host }) {
    const waiting = result.arms.reduce((sum, arm) => sum + (design === 'slice' ? arm.backlogMax : arm.backlogAtEnd), 0);
    // In a turn what waits may also be what a stall of the host left; masking deals with that.
    const stallSeconds = design === 'slice' ? (host?.longestNs ?? 0) / 1e9 : 0;
    const rate = requested.ratePerSecond ?? Number.POSITIVE_INFINITY;
    const allowed = Math.max(1, rate * (TOLERATED_SECONDS + stallSeconds));
    if (waiting <= allowed) return { level: 'ok', detail: `${waiting} waiting`, why: '', fix: '' };
    return {
      level: 'error',
      detail: `${waiting} requests were waiting for a connection`,
      why: 'the load was above capacity: latency measures the length of the run, not the datapath',
      fix: 'lower the rate or use more connections',
    };
  },
};
