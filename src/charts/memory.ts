import { COMPONENTS } from '../analysis/metrics.ts';
import { formatEstimate } from '../model/format.ts';
import { CHART_CONFIG, type Chart } from './chart.ts';
import { componentEncoding, metricOf, type Component } from './panels.ts';

const NOT_SHOWN = new Set<Component>(['generator']);

/** Anonymous memory by component: what a pair of pods, a node and a cluster pay for the datapath. */
export const memory: Chart = {
  id: 'memory',
  draw(comparison) {
    const used = COMPONENTS.filter(
      (component) => !NOT_SHOWN.has(component) && comparison.cells.some((cell) => metricOf(cell, `memory.${component}`)?.value),
    );
    const cells = comparison.cells.filter((cell) => used.some((component) => metricOf(cell, `memory.${component}`)?.value));
    if (cells.length === 0) return undefined;
    const values = cells.flatMap((cell) =>
      used.flatMap((component, order) => {
        const value = metricOf(cell, `memory.${component}`)?.value;
        return value ? [{ arm: cell.arm, component, order, mib: value.estimate / 1024 ** 2 }] : [];
      }),
    );
    const heaviest = values.toSorted((a, b) => b.mib - a.mib)[0];
    return {
      id: `memory-${comparison.workload}-${comparison.load}`,
      title: `Memory by component: ${comparison.workload}, ${comparison.load}`,
      sentence: `Anonymous memory at the end of the windows. Proxies of a pod are paid once a pod, those of a node once a node. Most: ${heaviest?.component} of ${heaviest?.arm}, ${(heaviest?.mib ?? 0).toFixed(1)} MiB.`,
      table: {
        caption: 'Anonymous memory: mean of the blocks ± half of its interval',
        columns: [{ title: 'datapath', align: 'left' }, ...used.map((title) => ({ title, align: 'right' as const }))],
        rows: cells.map((cell) => [
          cell.arm,
          ...used.map((component) => {
            const value = metricOf(cell, `memory.${component}`)?.value;
            return value ? formatEstimate('bytes', value) : '';
          }),
        ]),
      },
      spec: {
        $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
        config: CHART_CONFIG,
        width: 600,
        height: { step: 30 },
        data: { values },
        mark: { type: 'bar', stroke: '#fff', strokeWidth: 1 },
        encoding: {
          y: { field: 'arm', type: 'nominal', sort: null, axis: { title: null, labelLimit: 220 } },
          x: { field: 'mib', type: 'quantitative', axis: { title: 'MiB' } },
          order: { field: 'order', type: 'quantitative' },
          color: componentEncoding(used),
        },
      },
    };
  },
};
