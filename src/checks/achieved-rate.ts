import type { ValidityCheck } from '../model/contracts/check.ts';

const TOLERANCE = 0.01;

/**
 * Open loop only: the pacer kept its rate. A Poisson sample of n arrivals varies by 1/sqrt(n); 4 of those are allowed, since a run
 * has hundreds of windows.
 */
export const achievedRate: ValidityCheck = {
  stage: 'validity',
  code: 'MT0301',
  title: 'requested rate achieved',
  judge({ requested, result }) {
    if (requested.ratePerSecond === null)
      return { level: 'not-applicable', detail: 'closed loop: there is no requested rate', why: '', fix: '' };
    const deviation = result.achievedRatePerSecond / requested.ratePerSecond - 1;
    const sampling = requested.arrivals === 'poisson' ? 4 / Math.sqrt(Math.max(1, result.intendedRequests)) : 0;
    const detail = `${result.achievedRatePerSecond.toFixed(1)}/s of ${requested.ratePerSecond}/s (${(deviation * 100).toFixed(2)} %)`;
    if (Math.abs(deviation) <= TOLERANCE + sampling) return { level: 'ok', detail, why: '', fix: '' };
    return { level: 'error', detail, why: 'another load was measured than the one asked for', fix: 'lower the rate' };
  },
};
