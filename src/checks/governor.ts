import type { DoctorCheck } from '../model/contracts/check.ts';

export const governor: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0102',
  title: 'CPU frequency governor',
  async run({ files }) {
    const found = ((await files.readTextIfAny('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor')) ?? '').trim();
    if (found === '') return { level: 'info', detail: 'not adjustable here (usual for virtual machines)', why: '', fix: '' };
    if (found === 'performance') return { level: 'ok', detail: found, why: '', fix: '' };
    return {
      level: 'warning',
      detail: found,
      why: 'the clock rises with load, so a busier datapath looks faster per request than it is',
      fix: 'cpupower frequency-set -g performance',
    };
  },
};
