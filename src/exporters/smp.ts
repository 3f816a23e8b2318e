import { stringify } from 'yaml';
import type { Cell, ComparisonAnalysis } from '../analysis/analyse.ts';
import type { StoredRun } from '../model/records.ts';
import type { Exporter } from './exporter.ts';

/**
 * Service Mesh Performance (service-mesh-performance, protos): a PerformanceTestResult for each datapath and workload, a YAML
 * document each. What the spec has no field for (intervals, CPU, verdicts) stands in `labels`.
 */
export const smp: Exporter = {
  id: 'smp',
  title: 'Service Mesh Performance results',
  leavesOut: 'the spec has no field for errors, p99.9, intervals, CPU or memory; they are labels',
  render: ({ run, trials }, { comparisons }) =>
    comparisons
      .flatMap((comparison) => comparison.cells.map((cell) => resultOf(run, trials, comparison, cell)))
      .map((result) => `---\n${stringify(result)}`)
      .join(''),
};

function resultOf(
  run: StoredRun['run'],
  trials: StoredRun['trials'],
  { workload, load, generator, ratePerSecond, cells }: ComparisonAnalysis,
  cell: Cell,
) {
  const own = trials.filter(
    (each) => each.arm === cell.arm && each.workload === workload && each.load === load && each.valid && !each.superseded,
  );
  const rates = own.filter(({ kind }) => kind === 'latency').map(({ result }) => result.achievedRatePerSecond);
  const bare = (ns: number | undefined) => (ns === undefined ? undefined : Number((ns / 1e6).toFixed(6)));
  const figure = (id: string) => cell.metrics.find(({ metric }) => metric.id === id);
  const cpu = figure('cpu.machine')?.value;
  const p99 = figure('latency.p99');
  const baseline = cells.find(({ arm }) => arm === cell.baseline);
  return {
    smp_version: 'v0.0.1',
    id: `${run.id}/${cell.arm}/${workload}/${load}`,
    labels: {
      tool: `meshtax ${run.tool.version}`,
      datapath: cell.arm,
      tier: cell.tier,
      ...(baseline ? { same_tier: String(baseline.tier === cell.tier) } : {}),
      workload,
      load,
      generator,
      ...(ratePerSecond === null ? {} : { requested_qps: String(ratePerSecond) }),
      ...(p99?.value ? { p99_interval_ms: `${bare(p99.value.low)} ${bare(p99.value.high)}` } : {}),
      ...(p99?.versus && cell.baseline !== undefined ? { p99_verdict: `${p99.versus.verdict}, against ${cell.baseline}` } : {}),
      ...(cpu ? { cpu_ms_per_1000_requests: (cpu.estimate / 1e6).toFixed(3) } : {}),
    },
    start_time: run.startedAt,
    ...(run.endedAt === null ? {} : { end_time: run.endedAt }),
    latencies_ms: Object.fromEntries(
      [
        ['p50', bare(figure('latency.p50')?.value?.estimate)],
        ['p90', bare(figure('latency.p90')?.value?.estimate)],
        ['p99', bare(p99?.value?.estimate)],
      ].filter(([, value]) => value !== undefined),
    ) as Record<string, number>,
    ...(rates.length === 0 ? {} : { actual_qps: Number((rates.reduce((sum, rate) => sum + rate, 0) / rates.length).toFixed(2)) }),
    test_id: run.id,
  };
}
