import type { DoctorCheck } from '../model/contracts/check.ts';
import type { Files } from '../model/ports.ts';

const WATCH_MS = 1000;
const TOLERATED_SHARE = 0.01;

export const steal: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0103',
  title: 'CPU time stolen by the hypervisor',
  async run({ files, clock }) {
    const before = await readTicks(files);
    await clock.sleep(WATCH_MS);
    const after = await readTicks(files);
    const share = (after.steal - before.steal) / Math.max(1, after.total - before.total);
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

async function readTicks(files: Files): Promise<{ steal: number; total: number }> {
  const ticks = ((await files.readTextIfAny('/proc/stat')) ?? '').split('\n', 1)[0]?.split(/\s+/).slice(1, 9).map(Number) ?? [];
  return { steal: ticks[7] ?? 0, total: ticks.reduce((sum, value) => sum + value, 0) };
}
