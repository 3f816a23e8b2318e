import type { ValidityCheck } from '../model/contracts/check.ts';

const BUSY = 0.8;

export const generatorBusy: ValidityCheck = {
  stage: 'validity',
  code: 'MT0304',
  title: 'generator not the bottleneck',
  judge({ requested, result }) {
    const detail = `event loop busy ${(result.loopUtilisation * 100).toFixed(0)} % of the time`;
    if (requested.ratePerSecond === null)
      return { level: 'not-applicable', detail: `${detail}; a closed loop may saturate its generator`, why: '', fix: '' };
    // Whether a generator that polls kept up shows in how late it was (MT0312).
    if (requested.pacing === 'spin') return { level: 'not-applicable', detail: 'it polls: always busy', why: '', fix: '' };
    if (result.loopUtilisation <= BUSY) return { level: 'ok', detail, why: '', fix: '' };
    return {
      level: 'error',
      detail,
      why: 'requests wait inside the generator, and the wait is charged to the datapath',
      fix: 'lower the rate',
    };
  },
};
