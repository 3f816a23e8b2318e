import type { ValidityCheck } from '../model/contracts/check.ts';

/** The proof of the path over the measured window itself, not only before the block. */
export const pathExact: ValidityCheck = {
  stage: 'validity',
  code: 'MT0306',
  title: 'every request on its datapath',
  judge({ path, result }) {
    const sent = result.arms.reduce((sum, arm) => sum + arm.sent, 0);
    const counters = Object.entries(path.moved).map(([counter, moved]) => `${counter} ${moved}`);
    const detail = `${sent} sent; ${counters.join(', ') || 'no counter on this datapath'}`;
    if (path.exact) return { level: 'ok', detail, why: '', fix: '' };
    return {
      level: 'error',
      detail,
      why: 'some requests took another path or were counted twice (retries)',
      fix: 'see the logs of the deployment',
    };
  },
};
