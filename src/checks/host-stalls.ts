import type { ValidityCheck } from '../model/contracts/check.ts';
import { LONGEST_STALL_NS, stoodStill } from '../model/stall-mask.ts';

/** Lost time that measuring again did not mend is the host's nature and is warned of; one long stall is a hole in the window. */

export const hostStalls: ValidityCheck = {
  stage: 'validity',
  code: 'MT0308',
  title: 'the host kept running',
  judge({ host }) {
    if (!host) return { level: 'not-applicable', detail: 'no stall meter', why: '', fix: '' };
    const detail = `${host.stalls} stalls, ${(host.lostShare * 100).toFixed(2)} % of the time of all CPUs, longest ${(host.longestNs / 1e6).toFixed(1)} ms`;
    if (host.meter === 'ordinary') {
      const why = 'without real-time rights the meter also sees what the load itself causes: nothing is masked or measured again by it';
      return { level: 'info', detail, why, fix: 'run as root with CAP_SYS_NICE, outside of a cgroup without real-time budget' };
    }
    if (!stoodStill(host)) return { level: 'ok', detail, why: '', fix: '' };
    return {
      level: host.longestNs > LONGEST_STALL_NS ? 'error' : 'warning',
      detail,
      why: 'the hypervisor or another tenant took the CPUs: that is not the datapath',
      fix: 'measure on a quieter host',
    };
  },
};
