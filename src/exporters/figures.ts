/** Every figure of an analysis as a row: what all exporters are made of. */
import type { Analysis, Cell, ComparisonAnalysis } from '../analysis/analyse.ts';
import type { MetricId } from '../analysis/metrics.ts';
import type { Interval } from '../analysis/statistics/interval.ts';

export interface Figure {
  readonly workload: string;
  readonly load: string;
  readonly arm: string;
  readonly tier: string;
  readonly metric: MetricId;
  readonly value: Interval;
  readonly baseline: string | undefined;
  readonly baselineTier: string | undefined;
  /** Does the baseline do the same work? Undefined for a baseline itself. */
  readonly sameTier: boolean | undefined;
  readonly difference: Interval | undefined;
  readonly ratio: Interval | undefined;
  readonly verdict: string | undefined;
}

export function figuresOf({ comparisons }: Analysis): Figure[] {
  return comparisons.flatMap((comparison) => comparison.cells.flatMap((cell) => figuresOfCell(comparison, cell)));
}

function figuresOfCell({ workload, load, cells }: ComparisonAnalysis, { arm, tier, baseline, metrics }: Cell): Figure[] {
  const baselineTier = cells.find((cell) => cell.arm === baseline)?.tier;
  return metrics.flatMap(({ metric, value, versus }): Figure[] => {
    if (!value || !Number.isFinite(value.estimate)) return [];
    const { difference, ratio, verdict } = versus ?? {};
    const sameTier = baseline === undefined ? undefined : tier === baselineTier;
    return [{ workload, load, arm, tier, metric, value, baseline, baselineTier, sameTier, difference, ratio, verdict }];
  });
}

/** Units that other programs know: ns become us; CPU is ms of CPU time per 1000 requests. */
export function inCommonUnit({ metric }: Pick<Figure, 'metric'>): { readonly unit: string; readonly factor: number } {
  switch (metric.unit) {
    case 'ns':
      return { unit: 'us', factor: 1e3 };
    case 'nsPer1000':
      return { unit: 'ms per 1000 requests', factor: 1e6 };
    case 'bytes':
      return { unit: 'MiB', factor: 1024 ** 2 };
    case 'perSecond':
      return { unit: 'requests/s', factor: 1 };
    case 'perRequest':
      return { unit: 'per request', factor: 1 };
  }
}
