import type { Collector, Reading } from '../model/contracts/collector.ts';
import type { OwnFigure, OwnMetrics } from '../model/contracts/deployment.ts';
import { reasonOf } from '../model/errors.ts';

/** What proxies and agents of a cluster say of themselves, on pages of their own. */
export const ownMetrics: Collector = {
  id: 'own-metrics',
  title: 'what proxies and agents say of themselves',
  includes: 'requests, connections, packets, CPU and memory by the counters of sidecars, ztunnels and agents, read around the window',
  leavesOut: 'an agent serves its whole node: what others do there is in its figures',
  weight: 'heavy',
  sees: 'arm',
  during: 'latency',
  absent: ({ ownMetrics: pages = [] }) => (pages.length === 0 ? 'no component here has a page of metrics that is read' : undefined),
  async open({ deployment: { ownMetrics: pages = [] } }) {
    const before = await readAll(pages);
    let reading: Promise<Read[]> | undefined;
    return {
      // Their counters go on while others are closed: kubelet is waited for.
      end: () => void (reading = readAll(pages)),
      async close() {
        const after = await (reading ?? readAll(pages));
        return pages.flatMap(({ component }, index) => between(component, before[index] as Read, after[index] as Read));
      },
    };
  },
};

/** Its figures, or why it could not be read. */
type Read = readonly OwnFigure[] | string;

function readAll(pages: readonly OwnMetrics[]): Promise<Read[]> {
  return Promise.all(pages.map((page) => page.read().catch(reasonOf)));
}

function between(component: string, before: Read, after: Read): Reading[] {
  const failure = [before, after].find((each) => typeof each === 'string');
  if (typeof failure === 'string') return [{ collector: 'own-metrics', metric: 'page', component, notMeasured: failure }];
  return (after as readonly OwnFigure[]).map(({ metric, unit, kind, value }): Reading => {
    const name = { collector: 'own-metrics', metric, component };
    if (kind === 'gauge') return { ...name, unit, kind, value };
    const earlier = (before as readonly OwnFigure[]).find((each) => each.metric === metric)?.value ?? 0;
    if (value < earlier) return { ...name, notMeasured: 'its counters began anew' };
    return { ...name, unit, kind, value: value - earlier };
  });
}
