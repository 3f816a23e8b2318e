import { programShown, type BpfRuns } from '../model/bpftool.ts';
import type { Deployment } from '../model/contracts/deployment.ts';
import type { Collector, Reading } from '../model/contracts/collector.ts';
import type { System } from '../model/ports.ts';

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
    const before = await look(deployment, system);
    return {
      async close() {
        const after = await look(deployment, system);
        const changes = deployment.bpfPrograms.map(({ name }, index): Change => {
          const change = (field: keyof BpfRuns) => (after.programs[index]?.[field] ?? 0) - (before.programs[index]?.[field] ?? 0);
          return { component: `ebpf/${name}`, runs: change('runs'), runTimeNs: change('runTimeNs') };
        });
        if (!before.counting || !after.counting) return unmeasured(changes, 'somebody switched kernel.bpf_stats_enabled off');
        if (changes.every(({ runs }) => runs === 0)) return unmeasured(changes, 'no run of any program was counted');
        return changes.flatMap(readingsOf);
      },
    };
  },
};

interface Change extends BpfRuns {
  readonly component: string;
}

function readingsOf({ component, runs, runTimeNs }: Change): Reading[] {
  const name = { collector: 'bpf-stats', component, kind: 'counter' } as const;
  return [
    { ...name, metric: 'bpfTime', unit: 'ns', value: runTimeNs },
    { ...name, metric: 'bpfRuns', unit: 'count', value: runs },
  ];
}

function unmeasured(changes: readonly Change[], notMeasured: string): Reading[] {
  return changes.map(({ component }) => ({ collector: 'bpf-stats', metric: 'bpfTime', component, notMeasured }));
}

async function look(deployment: Deployment, system: System) {
  return { counting: await isCounting(system), programs: await readAll(deployment, system) };
}

/** Anybody may switch it off; then counts stand still and look like programs that cost nothing. */
async function isCounting({ files }: System): Promise<boolean> {
  return ((await files.readTextIfAny('/proc/sys/kernel/bpf_stats_enabled')) ?? '').trim() === '1';
}

async function readAll(deployment: Deployment, system: System): Promise<BpfRuns[]> {
  const shown = await Promise.all(
    deployment.bpfPrograms.map(({ pin }) => system.processes.run(['bpftool', '--json', 'prog', 'show', 'pinned', pin])),
  );
  return shown.map(({ stdout }) => programShown(stdout));
}
