import type { Cell } from '../analysis/analyse.ts';
import { COMPONENTS } from '../analysis/metrics.ts';
import { formatEstimate, formatValue } from '../model/format.ts';
import { CHART_CONFIG, type Chart } from './chart.ts';
import { componentEncoding, metricOf, NOBODY, type Component } from './panels.ts';

interface Part {
  readonly arm: string;
  readonly component: Component | typeof NOBODY;
  readonly ms: number;
}

/** CPU per 1000 requests by component, stacked; the line is the whole machine, with its interval. */
export const cpuComponents: Chart = {
  id: 'cpu-components',
  draw(comparison) {
    const used = COMPONENTS.filter((component) => comparison.cells.some((cell) => estimateOf(cell, component) !== undefined));
    const cells = comparison.cells.filter((cell) => metricOf(cell, 'cpu.machine')?.value !== undefined);
    if (used.length === 0 || cells.length === 0) return undefined;
    const parts = cells.flatMap((cell) => partsOf(cell, used));
    return {
      id: `cpu-${comparison.workload}-${comparison.load}`,
      title: `CPU per 1000 requests by component: ${comparison.workload}, ${comparison.load}`,
      sentence: `Components are approximate: interrupt work is charged to whoever was interrupted. Whole machine: ${cells
        .map((cell) => `${cell.arm} ${formatValue('nsPer1000', metricOf(cell, 'cpu.machine')?.value?.estimate ?? Number.NaN)}`)
        .join(', ')}.`,
      table: {
        caption: 'CPU per 1000 requests: mean of the blocks ± half of its interval',
        columns: [
          { title: 'datapath', align: 'left' },
          ...[...used, NOBODY, 'whole machine'].map((title) => ({ title, align: 'right' as const })),
        ],
        rows: cells.map((cell) => {
          const machine = metricOf(cell, 'cpu.machine')?.value;
          const nobody = partsOf(cell, used).find(({ component }) => component === NOBODY);
          return [
            cell.arm,
            ...used.map((component) => {
              const value = metricOf(cell, `cpu.${component}`)?.value;
              return value ? formatEstimate('nsPer1000', value) : '';
            }),
            nobody ? formatValue('nsPer1000', nobody.ms * 1e6) : '',
            machine ? formatEstimate('nsPer1000', machine) : '',
          ];
        }),
      },
      spec: specOf(cells, [...used, NOBODY], parts),
    };
  },
};

function estimateOf(cell: Cell, component: string): number | undefined {
  return metricOf(cell, `cpu.${component}`)?.value?.estimate;
}

/** The components' parts, and what nobody was charged with; noise can make it negative, and a bar cannot be. */
function partsOf(cell: Cell, used: readonly Component[]): Part[] {
  const own = used.flatMap((component) => {
    const ns = estimateOf(cell, component);
    return ns === undefined || ns <= 0 ? [] : [{ arm: cell.arm, component, ms: ns / 1e6 }];
  });
  const rest = (estimateOf(cell, 'machine') ?? 0) / 1e6 - own.reduce((sum, { ms }) => sum + ms, 0);
  return rest > 0 ? [...own, { arm: cell.arm, component: NOBODY, ms: rest }] : own;
}

function specOf(cells: readonly Cell[], components: readonly (Component | typeof NOBODY)[], parts: readonly Part[]) {
  const machine = cells.flatMap((cell) => {
    const value = metricOf(cell, 'cpu.machine')?.value;
    return value ? [{ arm: cell.arm, ms: value.estimate / 1e6, low: value.low / 1e6, high: value.high / 1e6 }] : [];
  });
  const y = { field: 'arm', type: 'nominal' as const, sort: null, axis: { title: null, labelLimit: 220 } };
  const title = 'CPU ms per 1000 requests';
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json' as const,
    config: CHART_CONFIG,
    width: 600,
    height: { step: 34 },
    layer: [
      {
        data: { values: parts.map((part) => ({ ...part, order: components.indexOf(part.component) })) },
        mark: { type: 'bar' as const, stroke: '#fff', strokeWidth: 1 },
        encoding: {
          y,
          x: { field: 'ms', type: 'quantitative' as const, axis: { title } },
          order: { field: 'order', type: 'quantitative' as const },
          color: componentEncoding(components),
        },
      },
      {
        data: { values: machine },
        layer: [
          {
            mark: { type: 'tick' as const, color: '#000', thickness: 2.5, size: 26 },
            encoding: { y, x: { field: 'ms', type: 'quantitative' as const } },
          },
          {
            mark: { type: 'rule' as const, color: '#000', strokeWidth: 1.5 },
            encoding: { y, x: { field: 'low', type: 'quantitative' as const }, x2: { field: 'high' } },
          },
        ],
      },
    ],
  };
}
