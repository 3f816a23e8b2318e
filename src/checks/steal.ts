import type { DoctorCheck } from '../model/contracts/check.ts';
import { parseCpuTime } from '../model/cpu-time.ts';

const WATCH_MS = 1000;
const TOLERATED_SHARE = 0.01;

export const steal: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0103',
  title: 'CPU time stolen by the hypervisor',
  async run({ files, clock }) {
    const read = async () => parseCpuTime(await files.readText('/proc/stat'));
    const before = await read();
    await clock.sleep(WATCH_MS);
    const after = await read();
    const share = (after.stealNs - before.stealNs) / Math.max(1, after.totalNs - before.totalNs);
    const detail = `${(share * 100).toFixed(1)} % over ${WATCH_MS / 1000} s (the kernel under-reports it)`;
    if (share <= TOLERATED_SHARE) return { level: 'ok', detail, why: '', fix: '' };
    return {
      level: 'warning',
      detail,
      why: 'stolen time appears as latency, at random',
      fix: 'measure on a quieter host; more blocks narrow the intervals',
    };
  },
};
