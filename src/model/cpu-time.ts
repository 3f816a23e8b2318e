/** CPU time as the kernel writes it: of the machine in /proc/stat, of a group of processes in its cgroup. */
import type { CgroupFiles } from './contracts/deployment.ts';

const USER_HZ = 100;
/** user nice system idle iowait irq softirq steal; the guest columns after them are inside user and nice. */
const COLUMNS = 8;
const IDLE_COLUMNS = [3, 4];
const STEAL_COLUMN = 7;

export interface CpuTime {
  /** Everything but idle, iowait and steal. */
  readonly busyNs: number;
  readonly stealNs: number;
  readonly totalNs: number;
}

/** The first line of /proc/stat: time of all CPUs since boot, counted by the timer tick (proc(5)). */
export function parseCpuTime(procStat: string): CpuTime {
  const [line = ''] = procStat.split('\n', 1);
  const times = line
    .split(/\s+/)
    .slice(1, 1 + COLUMNS)
    .map((ticks) => (Number(ticks) * 1e9) / USER_HZ);
  const totalNs = times.reduce((sum, each) => sum + each, 0);
  const stealNs = times[STEAL_COLUMN] ?? 0;
  const idleNs = IDLE_COLUMNS.reduce((sum, column) => sum + (times[column] ?? 0), 0);
  return { busyNs: totalNs - idleNs - stealNs, stealNs, totalNs };
}

/** User and kernel time of a cgroup: `cpuacct.usage` of v1 in ns, `usage_usec` of v2's `cpu.stat`. NaN when it is not there. */
export function parseCgroupCpuNs(text: string, format: CgroupFiles['cpu']['format']): number {
  return format === 'cpuacct.usage' ? Number(text.trim()) : Number(/^usage_usec (\d+)$/m.exec(text)?.[1]) * 1000;
}
