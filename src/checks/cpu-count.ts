import type { DoctorCheck } from '../model/contracts/check.ts';

export const cpuCount: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0101',
  title: 'CPUs',
  async run({ host }) {
    if (host.cpuCount >= 4) return { level: 'ok', detail: `${host.cpuCount} CPUs: the generator gets its own`, why: '', fix: '' };
    return {
      level: 'warning',
      detail: `${host.cpuCount} CPUs: generator, proxies and server share them`,
      why: 'at more than a few thousand requests per second contention dominates; low rates are still valid for comparison',
      fix: 'keep the rate low, or use a machine with 4 CPUs or more',
    };
  },
};
