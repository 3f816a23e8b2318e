import type { Deployment } from '../model/contracts/deployment.ts';
import type { Collector } from '../model/contracts/collector.ts';
import type { System } from '../model/ports.ts';
import type { Measure } from '../model/records.ts';

interface LinkStats {
  readonly bytes: number;
  readonly packets: number;
  readonly dropped: number;
}

/** Packets and bytes at the pods' devices. */
export const links: Collector = {
  id: 'links',
  title: 'traffic of the pods',
  includes: "packets, bytes and drops at each pod's own device, both directions",
  leavesOut: 'traffic over the loopback inside a pod, which is how an application reaches its sidecar',
  weight: 'heavy',
  sees: 'arm',
  during: 'latency',
  absent: () => undefined,
  async open({ deployment, system }) {
    const before = await readAll(deployment, system);
    return {
      async close() {
        const after = await readAll(deployment, system);
        return deployment.links.flatMap(({ name }, index): Measure[] =>
          (['bytes', 'packets', 'dropped'] as const).map((field) => ({
            collector: 'links',
            metric: `link${field[0]?.toUpperCase()}${field.slice(1)}`,
            component: `${name}-pod`,
            unit: field === 'bytes' ? 'bytes' : 'count',
            kind: 'counter',
            value: (after[index]?.[field] ?? 0) - (before[index]?.[field] ?? 0),
          })),
        );
      },
    };
  },
};

async function readAll(deployment: Deployment, system: System): Promise<LinkStats[]> {
  return Promise.all(
    deployment.links.map(async ({ enter, device }) => {
      const { stdout } = await system.processes.run([...enter, 'ip', '-json', '-statistics', 'link', 'show', 'dev', device] as unknown as [
        string,
        ...string[],
      ]);
      const [link] = JSON.parse(stdout) as { stats64: { rx: Counters; tx: Counters } }[];
      const total = (field: keyof Counters) => (link?.stats64.rx[field] ?? 0) + (link?.stats64.tx[field] ?? 0);
      return { bytes: total('bytes'), packets: total('packets'), dropped: total('dropped') };
    }),
  );
}

interface Counters {
  readonly bytes: number;
  readonly packets: number;
  readonly dropped: number;
}
