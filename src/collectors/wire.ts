import type { Collector, Reading } from '../model/contracts/collector.ts';
import { reasonOf } from '../model/errors.ts';

/** What passes between the nodes while a path is proven: can the requests be read there? */
export const wire: Collector = {
  id: 'wire',
  title: 'packets between the nodes',
  includes: 'packets between client and server as they leave the node, and how many of them hold a request or an answer in clear text',
  leavesOut: 'other pairs of nodes, where several work at the same time; more than 50,000 packets',
  weight: 'heavy',
  observesFlows: true,
  sees: 'arm',
  during: 'proof',
  absent: ({ wire: view }) => (view ? undefined : 'nobody can look at the wire: no node agent, or both pods on one node'),
  async open({ deployment }) {
    const recording = await deployment.wire?.watch().catch(reasonOf);
    if (recording === undefined || typeof recording === 'string')
      return { close: async () => absent(recording ?? 'nobody can look at it') };
    return {
      abandon: () => void recording.end().catch(() => {}),
      async close(): Promise<Reading[]> {
        const seen = await recording.end().catch(reasonOf);
        if (typeof seen === 'string') return absent(seen);
        const name = { collector: 'wire', component: 'wire', unit: 'count', kind: 'counter' } as const;
        return [
          { ...name, metric: 'wirePackets', value: seen.packets },
          { ...name, metric: 'wireReadable', value: seen.readable },
        ];
      },
    };
  },
};

function absent(reason: string): Reading[] {
  return [{ collector: 'wire', metric: 'wirePackets', component: 'wire', notMeasured: reason }];
}
