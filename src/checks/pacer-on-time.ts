import type { ValidityCheck } from '../model/contracts/check.ts';
import { countsAtOrBelow, decode } from '../model/histogram.ts';
import { stalledShare } from '../model/stall-mask.ts';

const LATE_NS = 10e6;
/** Of the requests, beyond those that were due while a CPU of the host itself stood still: it may have been the pacer's. */
const TOLERATED_SHARE = 0.01;

/**
 * Open loop only: a request's clock starts when the pacer hands it over, so what the pacer is late is in no latency. Where the load
 * keeps the generator from its CPU, that would hide a part of what the datapath costs. Windows of this project's own runs had
 * 99 % of their requests at most 7 ms late.
 */
export const pacerOnTime: ValidityCheck = {
  stage: 'validity',
  code: 'MT0312',
  title: 'requests handed over in time',
  judge({ requested, result, host, kind }) {
    const lag = decode(result.lag);
    if (requested.ratePerSecond === null || kind !== 'latency' || !lag || lag.totalCount === 0)
      return { level: 'not-applicable', detail: 'no request was due at a time that matters to a latency', why: '', fix: '' };
    const [inTime = 0] = countsAtOrBelow(lag, [LATE_NS]);
    const late = 1 - inTime / lag.totalCount;
    const detail = `${(late * 100).toFixed(2)} % of the requests over ${LATE_NS / 1e6} ms late; p99 ${(lag.getValueAtPercentile(99) / 1e6).toFixed(2)} ms`;
    // What was due in a stall is handed over after it, and takes a little to be.
    const stalled = host ? stalledShare(host, result.startNs, result.endNs) : 0;
    if (late <= TOLERATED_SHARE + 2 * stalled) return { level: 'ok', detail, why: '', fix: '' };
    return {
      level: 'error',
      detail,
      why: 'the generator did not get to send when it should have: a burst was measured instead, and the wait is in no latency',
      fix: 'lower the rate, or leave the machine more CPUs',
    };
  },
};
