/**
 * A gate: may this change pass? A rule names the largest harm that is accepted, and the interval decides: it passes only
 * when the whole interval lies below the margin (non-inferiority), fails when it lies above, and is unresolved in between.
 * A gate on the estimate alone would cry wolf on noise and sleep through what it hides.
 */
import { parseBytes, parseDurationNs } from '../model/units.ts';
import type { Analysis, Cell, ComparisonAnalysis } from './analyse.ts';
import type { MetricId } from './metrics.ts';
import type { Interval } from './statistics/interval.ts';

export interface GateRule {
  /** As it was written. */
  readonly text: string;
  readonly metric: string;
  /** `above`: harm is a rise. */
  readonly harm: 'above' | 'below';
  readonly margin: { readonly kind: 'share'; readonly value: number } | { readonly kind: 'absolute'; readonly value: number };
  /** Undefined: of every datapath, every workload. */
  readonly datapath?: string | undefined;
  readonly workload?: string | undefined;
  readonly load?: string | undefined;
}

/** `unresolved`: the interval holds the margin. `missing`: there is nothing to judge, and that is never let pass. */
export type GateOutcome = 'pass' | 'fail' | 'unresolved' | 'missing';

export interface GateResult {
  readonly rule: GateRule;
  readonly arm: string;
  readonly against: string;
  readonly workload: string;
  readonly load: string;
  readonly outcome: GateOutcome;
  /** Of the ratio minus 1, or of the difference in the metric's unit; undefined where there is none. */
  readonly interval: Interval | undefined;
  readonly metric: MetricId | undefined;
  /** Why it is neither passed nor failed; empty otherwise. */
  readonly reason: string;
}

const METRICS: Readonly<Record<string, { readonly id: string; readonly parse: (text: string) => number | undefined }>> = {
  p50: { id: 'latency.p50', parse: parseDurationNs },
  p90: { id: 'latency.p90', parse: parseDurationNs },
  p99: { id: 'latency.p99', parse: parseDurationNs },
  'p99.9': { id: 'latency.p99.9', parse: parseDurationNs },
  cpu: { id: 'cpu.machine', parse: parseDurationNs },
  memory: { id: 'memory.datapath', parse: parseBytes },
  capacity: { id: 'capacity', parse: () => undefined },
};

/** `p99 > +5%`, `cpu > +20ms` (per 1000 requests), `memory > +10MiB`, `capacity < -3%`; undefined when it is none. */
export function parseGateRule(text: string): GateRule | undefined {
  const match = /^\s*(p50|p90|p99|p99\.9|cpu|memory|capacity)\s*([<>])\s*([+-]?)\s*(\d+(?:\.\d+)?)\s*(%|[A-Za-z]+)\s*$/.exec(text);
  if (!match) return undefined;
  const [, name = '', direction, sign, digits = '', unit = ''] = match;
  const metric = METRICS[name];
  const harm = direction === '>' ? 'above' : 'below';
  if (!metric || (harm === 'above') === (sign === '-')) return undefined;
  const size = unit === '%' ? Number(digits) / 100 : metric.parse(`${digits}${unit}`);
  if (size === undefined) return undefined;
  const value = harm === 'above' ? size : -size;
  return { text: text.trim(), metric: metric.id, harm, margin: { kind: unit === '%' ? 'share' : 'absolute', value } };
}

export function judgeGate({ comparisons }: Analysis, rules: readonly GateRule[]): GateResult[] {
  return rules.flatMap((rule) =>
    comparisons
      .filter((comparison) => applies(rule, comparison))
      .flatMap(({ workload, load, cells }) =>
        cells
          .filter(({ arm, baseline }) => baseline !== undefined && (rule.datapath === undefined || rule.datapath === arm))
          .map((cell): GateResult => ({
            ...{ rule, arm: cell.arm, against: cell.baseline ?? '', workload, load },
            ...judgeCell(cell, rule),
          })),
      ),
  );
}

/** Of a run that did not come to its end: what it would have shown is not known. */
export function withheld(results: readonly GateResult[], reason: string): GateResult[] {
  return results.map((result) => ({ ...result, outcome: 'missing', reason }));
}

/** Latency and CPU are judged where the load was open, capacity where it was closed: the other way round they mean something else. */
function applies(rule: GateRule, { workload, load, ratePerSecond }: ComparisonAnalysis): boolean {
  const isClosed = ratePerSecond === null;
  return (
    isClosed === (rule.metric === 'capacity') &&
    (rule.workload === undefined || rule.workload === workload) &&
    (rule.load === undefined || rule.load === load)
  );
}

function judgeCell(cell: Cell, { metric: id, harm, margin }: GateRule): Pick<GateResult, 'outcome' | 'interval' | 'metric' | 'reason'> {
  const found = cell.metrics.find(({ metric }) => metric.id === id);
  const versus = found?.versus;
  const ratio = versus?.ratio;
  const interval = margin.kind === 'absolute' ? versus?.difference : ratio && { ...ratio, ...minusOne(ratio) };
  const missing = (reason: string) => ({ outcome: 'missing' as const, interval, metric: found?.metric, reason });
  if (!found || !versus) return missing(found?.missing ?? 'it was not measured on both sides');
  if (versus.refusal !== undefined) return missing(versus.refusal);
  if (!interval) return missing('a block of it or of the baseline is not above zero: there is no share');
  const [best, worst] = harm === 'above' ? [interval.low, interval.high] : [-interval.high, -interval.low];
  const limit = Math.abs(margin.value);
  if (worst < limit) return { outcome: 'pass', interval, metric: found.metric, reason: '' };
  if (best > limit) return { outcome: 'fail', interval, metric: found.metric, reason: '' };
  return { outcome: 'unresolved', interval, metric: found.metric, reason: 'its interval holds the margin' };
}

function minusOne({ estimate, low, high }: Interval): Pick<Interval, 'estimate' | 'low' | 'high'> {
  return { estimate: estimate - 1, low: low - 1, high: high - 1 };
}
