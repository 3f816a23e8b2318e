import type { Deployment } from '../model/contracts/deployment.ts';
import type { Collector } from '../model/contracts/collector.ts';
import type { System } from '../model/ports.ts';
import type { Measure } from '../model/records.ts';

interface ProgramStats {
  readonly runs: number;
  readonly runTimeNs: number;
}

/** How often each eBPF program ran and for how long (kernel.bpf_stats_enabled). */
export const bpfStats: Collector = {
  id: 'bpf-stats',
  title: 'time inside eBPF programs',
  includes: 'run time and run count of every eBPF program of the datapath',
  leavesOut:
    'the two clock reads a run that counting itself costs (they are in the machine figure), and the kernel code around the programs',
  weight: 'heavy',
  sees: 'arm',
  during: 'both',
  absent: (deployment) => (deployment.bpfPrograms.length === 0 ? 'no eBPF program on this datapath' : undefined),
  async open({ deployment, system }) {
    const before = await readAll(deployment, system);
    return {
      async close() {
        const after = await readAll(deployment, system);
        return deployment.bpfPrograms.flatMap(({ name }, index): Measure[] => {
          const change = (field: keyof ProgramStats) => (after[index]?.[field] ?? 0) - (before[index]?.[field] ?? 0);
          return [
            {
              collector: 'bpf-stats',
              metric: 'bpfTime',
              component: `ebpf/${name}`,
              unit: 'ns',
              kind: 'counter',
              value: change('runTimeNs'),
            },
            { collector: 'bpf-stats', metric: 'bpfRuns', component: `ebpf/${name}`, unit: 'count', kind: 'counter', value: change('runs') },
          ];
        });
      },
    };
  },
};

async function readAll(deployment: Deployment, system: System): Promise<ProgramStats[]> {
  return Promise.all(
    deployment.bpfPrograms.map(async ({ pin }) => {
      const { stdout } = await system.processes.run(['bpftool', '--json', 'prog', 'show', 'pinned', pin]);
      const shown = JSON.parse(stdout) as { run_cnt?: number; run_time_ns?: number };
      return { runs: shown.run_cnt ?? 0, runTimeNs: shown.run_time_ns ?? 0 };
    }),
  );
}
