import type { Collector } from '../model/contracts/collector.ts';
import { parseCpuTime } from '../model/cpu-time.ts';

/** Busy time of all CPUs: the headline cost, because no work of a datapath can hide from it. */
export const machineCpu: Collector = {
  id: 'machine-cpu',
  title: 'CPU of the whole machine',
  includes: 'everything that ran: datapath, server, generator, interrupts and whatever else this machine did',
  leavesOut: 'it is sampled by the timer tick, so very short interrupt work on an otherwise idle CPU can fall between ticks',
  weight: 'light',
  sees: 'machine',
  during: 'both',
  absent: ({ nodes }) => (nodes ? 'the datapath runs on other machines' : undefined),
  async open({ system }) {
    const before = parseCpuTime(await system.files.readText('/proc/stat'));
    return {
      async close() {
        const after = parseCpuTime(await system.files.readText('/proc/stat'));
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
