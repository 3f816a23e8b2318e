import type { Deployment } from '../model/contracts/deployment.ts';
import type { Collector } from '../model/contracts/collector.ts';
import type { System } from '../model/ports.ts';
import type { Measure } from '../model/records.ts';

const METRICS = [
  { metric: 'requests', pattern: /^http\.(?:in|out)bound_[^ ]*downstream_rq_total: (\d+)$/gm, kind: 'counter' },
  { metric: 'connections', pattern: /^http\.(?:in|out)bound_[^ ]*downstream_cx_total: (\d+)$/gm, kind: 'counter' },
  { metric: 'allocated', pattern: /^server\.memory_allocated: (\d+)$/gm, kind: 'gauge' },
] as const;

/** What each Envoy says of itself. */
export const envoyStats: Collector = {
  id: 'envoy-stats',
  title: "Envoy's own counters",
  includes: 'requests and connections that each Envoy received for our services, and the heap it says it holds',
  leavesOut: 'its admin interface',
  weight: 'heavy',
  sees: 'arm',
  during: 'latency',
  absent: (deployment) => (deployment.envoys.length === 0 ? 'no Envoy on this datapath' : undefined),
  async open({ deployment, system }) {
    const before = await read(deployment, system);
    return {
      async close() {
        const after = await read(deployment, system);
        return after.map((measure, index) =>
          measure.kind === 'counter' ? { ...measure, value: measure.value - (before[index]?.value ?? 0) } : measure,
        );
      },
    };
  },
};

async function read(deployment: Deployment, system: System): Promise<Measure[]> {
  const perEnvoy = deployment.envoys.map(async ({ role, adminSocket }) => {
    const text = await system.http.getText(adminSocket, '/stats');
    return METRICS.map(({ metric, pattern, kind }): Measure => {
      const value = [...text.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);
      return { collector: 'envoy-stats', metric, component: role, unit: metric === 'allocated' ? 'bytes' : 'count', kind, value };
    });
  });
  return (await Promise.all(perEnvoy)).flat();
}
