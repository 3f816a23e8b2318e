import type { DoctorCheck } from '../model/contracts/check.ts';

const NEEDED_MIB = 1500;

export const freeMemory: DoctorCheck = {
  stage: 'doctor',
  code: 'MT0104',
  title: 'free memory',
  async run({ files }) {
    const text = (await files.readTextIfAny('/proc/meminfo')) ?? '';
    const freeMiB = Math.round(Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024);
    if (freeMiB >= NEEDED_MIB) return { level: 'ok', detail: `${freeMiB} MiB`, why: '', fix: '' };
    return { level: 'warning', detail: `${freeMiB} MiB`, why: 'reclaim and swapping appear as latency', fix: `free ${NEEDED_MIB} MiB` };
  },
};
