import { formatValue } from '../model/format.ts';
import { CHART_CONFIG, type Chart } from './chart.ts';
import { logTicks, seriesEncoding } from './panels.ts';

const IN_TABLE = [0.1, 0.5, 0.9];

const textOf = (ns: number | undefined): string => (ns === undefined ? '(too few samples)' : formatValue('ns', ns));

/** The whole distribution: which share of the requests was answered within a time. */
export const distribution: Chart = {
  id: 'distribution',
  draw(comparison) {
    const cells = comparison.cells.filter((cell) => cell.distribution.length > 0);
    if (cells.length === 0) return undefined;
    const values = cells.flatMap((cell) => cell.distribution.map(([share, ns]) => ({ arm: cell.arm, share, ms: ns / 1e6 })));
    const at = (cell: (typeof cells)[number], share: number) => cell.distribution.find(([each]) => Math.abs(each - share) < 1e-9)?.[1];
    const latencies = values.map(({ ms }) => ms);
    const domain = [Math.min(...latencies) * 0.95, Math.max(...latencies) * 1.05] as const;
    return {
      id: `distribution-${comparison.workload}-${comparison.load}`,
      title: `Share of requests answered within a time: ${comparison.workload}, ${comparison.load}`,
      sentence: `All requests of all valid blocks together, up to the 99th percentile. Half were answered within: ${cells
        .map((cell) => `${cell.arm} ${textOf(at(cell, 0.5))}`)
        .join(', ')}.`,
      table: {
        caption: 'Latency by share of requests, all blocks together, before masking',
        columns: [
          { title: 'datapath', align: 'left' },
          ...IN_TABLE.map((share) => ({ title: `${share * 100} %`, align: 'right' as const })),
        ],
        rows: cells.map((cell) => [cell.arm, ...IN_TABLE.map((share) => textOf(at(cell, share)))]),
      },
      spec: {
        $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
        config: CHART_CONFIG,
        width: 600,
        height: 220,
        data: { values },
        mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2 },
        encoding: {
          x: {
            field: 'ms',
            type: 'quantitative',
            scale: { type: 'log', domain: [...domain], nice: false },
            axis: { title: 'latency (ms)', format: '~r', values: logTicks(...domain) },
          },
          y: {
            field: 'share',
            type: 'quantitative',
            scale: { domain: [0, 1] },
            axis: { title: 'share of requests', format: '.0%', tickCount: 5 },
          },
          color: seriesEncoding(cells.map(({ arm }) => arm)).color,
          strokeDash: seriesEncoding(cells.map(({ arm }) => arm)).strokeDash,
        },
      },
    };
  },
};
