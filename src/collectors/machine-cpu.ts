import type { Collector } from '../model/contracts/collector.ts';
import type { Files } from '../model/ports.ts';

const USER_HZ = 100;
/** Columns of the cpu line: user nice system idle iowait irq softirq steal (guest is inside user). */
const IDLE_COLUMNS = [3, 4];
const COLUMNS = 8;
const STEAL_COLUMN = 7;

/** Busy time of all CPUs: the headline cost, because no work of a datapath can hide from it. */
export const machineCpu: Collector = {
  id: 'machine-cpu',
  title: 'CPU of the whole machine',
  includes: 'everything that ran: datapath, server, generator, interrupts and whatever else this machine did',
  leavesOut: 'it is sampled by the timer tick, so very short interrupt work on an otherwise idle CPU can fall between ticks',
  weight: 'light',
  absent: () => undefined,
  async open({ system }) {
    const before = await readBusy(system.files);
    return {
      async close() {
        const after = await readBusy(system.files);
        return [
          {
            collector: 'machine-cpu',
            metric: 'cpu',
            component: 'machine',
            unit: 'ns',
            kind: 'counter',
            value: after.busyNs - before.busyNs,
          },
          {
            collector: 'machine-cpu',
            metric: 'steal',
            component: 'machine',
            unit: 'ns',
            kind: 'counter',
            value: after.stealNs - before.stealNs,
          },
        ];
      },
    };
  },
};

async function readBusy(files: Files): Promise<{ busyNs: number; stealNs: number }> {
  const [line = ''] = (await files.readText('/proc/stat')).split('\n', 1);
  const ticks = line
    .split(/\s+/)
    .slice(1, 1 + COLUMNS)
    .map(Number);
  const nsOf = (value: number) => (value * 1e9) / USER_HZ;
  const stealNs = nsOf(ticks[STEAL_COLUMN] ?? 0);
  const busyTicks = ticks.reduce((sum, value, column) => (IDLE_COLUMNS.includes(column) ? sum : sum + value), 0);
  return { busyNs: nsOf(busyTicks) - stealNs, stealNs };
}
