import type { CgroupFiles, Component } from '../model/contracts/deployment.ts';
import type { Collector } from '../model/contracts/collector.ts';
import { parseCgroupCpuNs } from '../model/cpu-time.ts';
import type { Files } from '../model/ports.ts';
import type { Measure } from '../model/records.ts';

/** CPU time and memory of every component, from its cgroup. */
export const cgroup: Collector = {
  id: 'cgroup',
  title: 'CPU and memory by component',
  includes: 'all CPU time charged to the threads of a component (user and kernel, ns-exact), and its private (anonymous) memory',
  leavesOut:
    'kernel work done in interrupts is charged to whichever component was interrupted, and on an idle CPU to none: figures by component are approximate. Memory leaves out page cache, which the kernel charges to whoever read a file first',
  weight: 'light',
  sees: 'arm',
  during: 'both',
  absent: ({ components }) => (components.some(({ cgroup: files }) => files) ? undefined : 'its components run on other machines'),
  async open({ deployment, generator, system }) {
    const components = distinct([...(generator ? [generator] : []), ...deployment.components].filter(isHere));
    const before = await Promise.all(components.map((component) => readCpuNs(component.cgroup, system.files)));
    return {
      async close() {
        const after = await Promise.all(components.map((component) => readCpuNs(component.cgroup, system.files)));
        const memory = await Promise.all(components.map((component) => readMemory(component.cgroup, system.files)));
        return components.flatMap(({ role }, index): Measure[] => [
          {
            collector: 'cgroup',
            metric: 'cpu',
            component: role,
            unit: 'ns',
            kind: 'counter',
            value: (after[index] ?? 0) - (before[index] ?? 0),
          },
          { collector: 'cgroup', metric: 'memory', component: role, unit: 'bytes', kind: 'gauge', value: memory[index]?.anonymous ?? 0 },
          {
            collector: 'cgroup',
            metric: 'memoryWorkingSet',
            component: role,
            unit: 'bytes',
            kind: 'gauge',
            value: memory[index]?.workingSet ?? 0,
          },
        ]);
      },
    };
  },
};

type Here = Component & { readonly cgroup: CgroupFiles };

function isHere(component: Component): component is Here {
  return component.cgroup !== undefined;
}

/** Processes of one role may share a cgroup: it is read once. */
function distinct(components: readonly Here[]): Here[] {
  return [...new Map(components.map((component) => [component.cgroup.cpu.file, component])).values()];
}

async function readCpuNs({ cpu }: CgroupFiles, files: Files): Promise<number> {
  return parseCgroupCpuNs(await files.readText(cpu.file), cpu.format);
}

/** anon is v2's name, rss v1's; the working set is cAdvisor's: usage less inactive file pages. */
async function readMemory({ memoryUsage, memoryStat }: CgroupFiles, files: Files): Promise<{ anonymous: number; workingSet: number }> {
  const [usage, stat] = await Promise.all([files.readText(memoryUsage), files.readText(memoryStat)]);
  const field = (pattern: RegExp) => Number(pattern.exec(stat)?.[1] ?? 0);
  return {
    anonymous: field(/^(?:anon|total_rss) (\d+)$/m),
    workingSet: Math.max(0, Number(usage.trim()) - field(/^(?:total_inactive_file|inactive_file) (\d+)$/m)),
  };
}
