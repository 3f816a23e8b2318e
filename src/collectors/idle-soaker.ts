import type { SoakedCpu } from '../model/contracts/cluster.ts';
import type { Collector } from '../model/contracts/collector.ts';
import type { Measure } from '../model/records.ts';

/** Busy time of all CPUs as idle-priority threads see it: softirq work on idle CPUs included. */
export const idleSoaker: Collector = {
  id: 'idle-soaker',
  title: 'CPU of the whole machine, by idle soaker',
  includes:
    'every moment in which a CPU did anything but soak: tasks, interrupts, softirq work, and what the hypervisor took for less than 0.1 ms at a time; a constant share of it falls out of the slope',
  leavesOut:
    'the cost of going idle and waking up again: while it runs no CPU sleeps. It therefore runs only on the steps of the rate ladder, never while latency is measured',
  weight: 'light',
  sees: 'machine',
  during: 'ladder',
  absent: (_deployment, host) => (host.soaker ? undefined : 'no idle soaker on this cluster'),
  async open({ host }) {
    await host.soaker?.start();
    return {
      async close() {
        const cpus = (await host.soaker?.stop()) ?? [];
        const measure = (metric: string, of: (cpu: SoakedCpu) => number): Measure => ({
          collector: 'idle-soaker',
          metric,
          component: 'machine-soaked',
          unit: 'ns',
          kind: 'counter',
          value: cpus.reduce((sum, cpu) => sum + of(cpu), 0),
        });
        return [
          measure('cpu', ({ takenNs }) => takenNs),
          measure('stolen', ({ stolenNs }) => stolenNs),
          // The kernel counts idle priority as busy: its own figure is only comparable without this.
          measure('soakerOwn', ({ ownNs }) => ownNs),
        ];
      },
    };
  },
};
