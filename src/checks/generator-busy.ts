import type { ValidityCheck } from '../model/contracts/check.ts';

const BUSY = 0.8;

export const generatorBusy: ValidityCheck = {
  stage: 'validity',
  code: 'MT0304',
  title: 'generator not the bottleneck',
  judge({ requested, result }) {
    // A generator that polls is always busy; whether it kept up shows in rate and backlog.
    const polls = result.loopUtilisation > 0.999 && result.arms.every((arm) => arm.backlogAtEnd === 0);
    const detail = `event loop busy ${(result.loopUtilisation * 100).toFixed(0)} % of the time`;
    if (requested.ratePerSecond === null)
      return { level: 'not-applicable', detail: `${detail}; a closed loop may saturate its generator`, why: '', fix: '' };
    if (polls) return { level: 'not-applicable', detail: 'it polls', why: '', fix: '' };
    if (result.loopUtilisation <= BUSY) return { level: 'ok', detail, why: '', fix: '' };
    return {
      level: 'error',
      detail,
      why: 'requests wait inside the generator, and the wait is charged to the datapath',
      fix: 'lower the rate',
    };
  },
};
