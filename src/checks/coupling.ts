import type { ValidityCheck } from '../model/contracts/check.ts';

/** The pilot chooses the duet below 20 %; a window may exceed that a little before it is worth a word. */
const TOLERATED = 0.3;

export const coupling: ValidityCheck = {
  stage: 'validity',
  code: 'MT0309',
  title: 'datapaths alive at once do not slow each other',
  judge({ design, sharedUtilisation }) {
    if (design !== 'duet' || sharedUtilisation === null)
      return { level: 'not-applicable', detail: 'one datapath at a time', why: '', fix: '' };
    const detail = `all CPUs ${Math.round(sharedUtilisation * 100)} % busy`;
    if (sharedUtilisation <= TOLERATED) return { level: 'ok', detail, why: '', fix: '' };
    return {
      level: 'warning',
      detail,
      why: 'busy CPUs let one datapath wait for the other: differences grow or shrink',
      fix: 'lower the rate, or choose `design: slice`',
    };
  },
};
