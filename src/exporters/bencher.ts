import type { Exporter } from './exporter.ts';
import { figuresOf, type Figure } from './figures.ts';

/** Bencher Metric Format: benchmark, measure, value with absolute bounds. Its own measure `latency` is in ns. */
export const bencher: Exporter = {
  id: 'bencher',
  title: 'Bencher Metric Format',
  leavesOut: 'units (a measure has them, not the file), tiers, comparisons and verdicts',
  render: (_stored, analysis) => {
    const report: Record<string, Record<string, object>> = {};
    for (const figure of figuresOf(analysis)) {
      const benchmark = `${figure.arm}/${figure.workload}/${figure.load}`;
      const { estimate, low, high } = figure.value;
      (report[benchmark] ??= {})[measureOf(figure)] = { value: estimate, lower_value: low, upper_value: high };
    }
    return `${JSON.stringify(report, null, 1)}\n`;
  },
};

const UNITS = { ns: 'ns', nsPer1000: 'ns-per-1000', bytes: 'bytes', perSecond: 'per-second', perRequest: 'per-request' } as const;

/** A slug with its unit. */
function measureOf({ metric }: Figure): string {
  return `${metric.id.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}-${UNITS[metric.unit]}`.slice(0, 64);
}
