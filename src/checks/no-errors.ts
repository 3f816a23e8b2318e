import type { ValidityCheck } from '../model/contracts/check.ts';
import { failuresIn } from '../model/failures.ts';

const TOLERATED_SHARE = 0.001;

export const noErrors: ValidityCheck = {
  stage: 'validity',
  code: 'MT0302',
  title: 'answers without error',
  judge({ result }) {
    const { sent, failed, kinds } = failuresIn(result);
    if (sent === 0)
      return { level: 'error', detail: 'nothing was sent', why: 'there is nothing to measure', fix: 'raise the rate or the duration' };
    if (failed === 0) return { level: 'ok', detail: `${sent} answers`, why: '', fix: '' };
    const detail = `${failed} of ${sent} (${kinds})`;
    if (failed / sent <= TOLERATED_SHARE)
      return { level: 'warning', detail, why: 'failed requests are not in the latency figures', fix: '' };
    return {
      level: 'error',
      detail,
      why: 'the slowest requests may be the failed ones: percentiles of the rest flatter',
      fix: 'see the logs of the deployment',
    };
  },
};
