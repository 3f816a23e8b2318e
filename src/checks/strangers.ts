import type { ValidityCheck } from '../model/contracts/check.ts';

/** In CPUs: what the kernel does on its own stays below, and a program that computes is far above. */
const NOTICED = 0.1;
const TOO_MUCH = 0.3;

export const strangers: ValidityCheck = {
  stage: 'validity',
  code: 'MT0311',
  title: 'nobody else used the CPUs',
  judge({ strangerCpus }) {
    if (strangerCpus === null) return { level: 'not-applicable', detail: 'not measured here', why: '', fix: '' };
    const detail = `others used ${strangerCpus.toFixed(2)} CPUs on average`;
    if (strangerCpus <= NOTICED) return { level: 'ok', detail, why: '', fix: '' };
    return {
      level: strangerCpus > TOO_MUCH ? 'error' : 'warning',
      detail,
      why: 'requests waited for CPUs that other programs had: latency and the CPU of the whole machine are theirs too',
      fix: 'end what else runs on this machine, and measure again',
    };
  },
};
