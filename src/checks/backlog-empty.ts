import type { ValidityCheck } from '../model/contracts/check.ts';

/** More requests waiting for a connection at the end than a tenth of a second of load: the system did not keep up. */
const TOLERATED_SECONDS = 0.1;

export const backlogEmpty: ValidityCheck = {
  stage: 'validity',
  code: 'MT0303',
  title: 'backlog empty at the end',
  judge({ requested, result }) {
    const waiting = result.arms.reduce((sum, arm) => sum + arm.backlogAtEnd, 0);
    const allowed = Math.max(1, (requested.ratePerSecond ?? Number.POSITIVE_INFINITY) * TOLERATED_SECONDS);
    if (waiting <= allowed) return { level: 'ok', detail: `${waiting} waiting`, why: '', fix: '' };
    return {
      level: 'error',
      detail: `${waiting} requests were waiting for a connection`,
      why: 'the load was above capacity: latency measures the length of the run, not the datapath',
      fix: 'lower the rate or use more connections',
    };
  },
};
