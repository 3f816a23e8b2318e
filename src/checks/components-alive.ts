import type { ValidityCheck } from '../model/contracts/check.ts';

export const componentsAlive: ValidityCheck = {
  stage: 'validity',
  code: 'MT0305',
  title: 'components alive',
  judge({ componentsEnded }) {
    if (componentsEnded.length === 0) return { level: 'ok', detail: 'all components ran to the end', why: '', fix: '' };
    return {
      level: 'error',
      detail: componentsEnded.join('; '),
      why: 'part of the window was measured without them',
      fix: 'see their logs in the run directory',
    };
  },
};
