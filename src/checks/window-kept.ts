import type { ValidityCheck } from '../model/contracts/check.ts';

const TOLERATED_NS = 250e6;
const TOLERATED_SHARE = 0.1;

/** Counters are read before a load begins and after it ended; who reads them late counts idle time as the datapath's. */
export const windowKept: ValidityCheck = {
  stage: 'validity',
  code: 'MT0313',
  title: 'instruments kept to the window',
  judge({ result, instrumentsNs }) {
    if (instrumentsNs === null) return { level: 'not-applicable', detail: 'not recorded', why: '', fix: '' };
    const windowNs = result.endNs - result.startNs;
    const beyondNs = Math.max(0, instrumentsNs - (result.leadNs ?? 0) - windowNs);
    const detail = `${(beyondNs / 1e6).toFixed(0)} ms beyond a window of ${(windowNs / 1e6).toFixed(0)} ms`;
    if (beyondNs <= TOLERATED_NS + TOLERATED_SHARE * windowNs) return { level: 'ok', detail, why: '', fix: '' };
    return {
      level: 'error',
      detail,
      why: 'CPU time of a longer time than that of the load would be counted as the requests’',
      fix: 'leave the machine more CPUs; was meshtax itself stopped?',
    };
  },
};
