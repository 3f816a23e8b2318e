import type { Exporter } from './exporter.ts';
import { figuresOf, inCommonUnit, type Figure } from './figures.ts';

const BUCKETS: Readonly<Record<string, string>> = { 'latency.p50': 'Perc50', 'latency.p90': 'Perc90', 'latency.p99': 'Perc99' };

/** PerfData of Kubernetes' perf-tests (clusterloader2/pkg/measurement/util/perftype.go): same labels, same buckets and unit. */
export const perfdash: Exporter = {
  id: 'perfdash',
  title: 'PerfData, as Kubernetes’ performance dashboard reads it',
  leavesOut: 'intervals, comparisons and verdicts',
  render: (_stored, analysis) => {
    const figures = figuresOf(analysis);
    const labelsOf = ({ arm, workload, load, tier, sameTier }: Figure) => ({
      ...{ datapath: arm, workload, load, tier },
      ...(sameTier === undefined ? {} : { same_tier: String(sameTier) }),
    });
    const latency = [
      ...Map.groupBy(
        figures.filter(({ metric }) => BUCKETS[metric.id] !== undefined),
        (each) => JSON.stringify(labelsOf(each)),
      ),
    ];
    const others = figures.filter(({ metric }) => metric.group === 'cpu' || metric.group === 'memory' || metric.group === 'capacity');
    const dataItems = [
      ...latency.map(([, own]) => ({
        data: Object.fromEntries(own.map(({ metric, value }) => [BUCKETS[metric.id], value.estimate / 1e6])),
        unit: 'ms',
        labels: { Metric: 'latency', ...labelsOf(own[0] as Figure) },
      })),
      ...others.map((each) => {
        const { unit, factor } = inCommonUnit(each);
        return { data: { Value: each.value.estimate / factor }, unit, labels: { Metric: each.metric.id, ...labelsOf(each) } };
      }),
    ];
    return `${JSON.stringify({ version: 'v1', dataItems }, null, 1)}\n`;
  },
};
