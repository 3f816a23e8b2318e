/** The tables of a report. */
import { baselineWords, type Analysis, type Cell, type ComparisonAnalysis } from '../analysis/analyse.ts';
import { COMPONENTS, EBPF_COMPONENT } from '../analysis/metrics.ts';
import type { Table } from '../charts/chart.ts';
import { formatDifference, formatEstimate } from '../model/format.ts';
import type { ArmRecord, RunRecord } from '../model/records.ts';
import { tierOf } from '../model/features.ts';

const HEADLINE = ['capacity', 'latency.p50', 'latency.p90', 'latency.p99', 'latency.p99.9', 'cpu.machine', 'memory.datapath'];

/** What each datapath was measured at, a row each. */
export function estimateTable(comparison: ComparisonAnalysis, analysis: Analysis): Table {
  const ids = headlinesOf(comparison);
  return {
    caption: `${comparison.workload}, ${comparison.load}: mean of the blocks ± half of its ${Math.round(analysis.confidence * 100)} % interval`,
    columns: [
      { title: 'datapath', align: 'left' },
      ...ids.map((id) => ({ title: titleOf(comparison, id), align: 'right' as const })),
      { title: 'valid trials', align: 'right' },
    ],
    rows: comparison.cells.map((cell) => [
      cell.arm,
      ...ids.map((id) => estimate(cell, id) || absence(cell, id)),
      `${cell.trials - cell.invalid} of ${cell.trials}`,
    ]),
  };
}

/** Why there is no figure, in a cell's width. */
function absence(cell: Cell, id: string): string {
  const metric = metricOf(cell, id);
  return metric?.metric.group === 'latency' ? 'too few samples' : (metric?.missing ?? 'not measured');
}

/** What each datapath adds to the baseline; undefined where no figure has an interval yet. */
export function differenceTable(comparison: ComparisonAnalysis, analysis: Analysis): Table | undefined {
  const ids = headlinesOf(comparison).filter((id) => comparison.cells.some((cell) => metricOf(cell, id)?.versus));
  if (ids.length === 0) return undefined;
  return {
    caption: `${comparison.workload}, ${comparison.load}: difference to ${baselineWords(comparison)} in the same block, with its ${Math.round(analysis.confidence * 100)} % interval`,
    columns: [{ title: 'datapath', align: 'left' }, ...ids.map((id) => ({ title: titleOf(comparison, id), align: 'right' as const }))],
    rows: comparison.cells
      .filter((cell) => cell.baseline !== undefined)
      .map((cell) => [
        cell.arm,
        ...ids.map((id) => {
          const metric = metricOf(cell, id);
          return metric?.versus ? formatDifference(metric.metric.unit, metric.versus.difference) : '';
        }),
      ]),
  };
}

function headlinesOf(comparison: ComparisonAnalysis): string[] {
  return HEADLINE.filter((id) => comparison.cells.some((cell) => metricOf(cell, id)));
}

function titleOf(comparison: ComparisonAnalysis, id: string): string {
  if (id === 'cpu.machine') return 'CPU per 1000, machine';
  return comparison.cells.map((cell) => metricOf(cell, id)).find(Boolean)?.metric.title ?? id;
}

/** CPU per 1000 requests and memory, by component; undefined where neither was measured. */
export function componentTable(comparison: ComparisonAnalysis): Table | undefined {
  const components = [...COMPONENTS, EBPF_COMPONENT];
  const used = components.filter((component) =>
    comparison.cells.some((cell) => metricOf(cell, `cpu.${component}`) ?? metricOf(cell, `memory.${component}`)),
  );
  if (used.length === 0) return undefined;
  return {
    caption: `${comparison.workload}, ${comparison.load}: CPU per 1000 requests by component (approximate), and its memory`,
    columns: [{ title: 'datapath', align: 'left' }, ...used.map((component) => ({ title: component, align: 'right' as const }))],
    rows: comparison.cells.map((cell) => [
      cell.arm,
      ...used.map((component) => {
        const cpu = estimate(cell, `cpu.${component}`);
        const memory = estimate(cell, `memory.${component}`);
        return [cpu, memory].filter((each) => each !== '').join(', ');
      }),
    ]),
  };
}

export function parityTable(arms: readonly ArmRecord[]): Table {
  return {
    caption: 'What each datapath does with a request',
    columns: [
      'datapath',
      'tier',
      'encryption',
      'identity',
      'L7 passes',
      'policy',
      'load balancing',
      'retries',
      'breakers',
      'workers',
      'access log',
      'tracing',
      'telemetry',
      'what it is not',
    ].map((title) => ({ title, align: 'left' as const })),
    rows: arms.map(({ name, features }) => [
      name,
      tierOf(features),
      features.encryption,
      features.identity,
      String(features.l7PassesPerRequest),
      features.policy,
      features.loadBalancing,
      String(features.retries),
      features.circuitBreakers,
      features.workers === null ? '' : String(features.workers),
      features.accessLog,
      features.tracing,
      features.telemetry,
      features.notes,
    ]),
  };
}

/** Undefined where an older run kept none. */
export function proofTable(proofs: RunRecord['proofs']): Table | undefined {
  if (proofs.length === 0) return undefined;
  const byTitle = [...Map.groupBy(proofs, ({ title }) => title)];
  return {
    caption: 'What the path showed of a known number of requests, before the blocks were measured',
    columns: [
      { title: 'what', align: 'left' },
      { title: 'times', align: 'right' },
      { title: 'the last time', align: 'left' },
    ],
    rows: byTitle.map(([title, all]) => [title, String(all.length), all.at(-1)?.detail ?? '']),
  };
}

function metricOf(cell: Cell, id: string) {
  return cell.metrics.find((candidate) => candidate.metric.id === id);
}

function estimate(cell: Cell, id: string): string {
  const metric = metricOf(cell, id);
  return metric?.value ? formatEstimate(metric.metric.unit, metric.value) : '';
}
