/**
 * From a stored run to what a report says. Pure: the same run gives the same analysis, without any cluster.
 * Each datapath is compared with the baseline inside each block; the blocks are the sample.
 */
import { tierOf } from '../model/features.ts';
import type { StoredRun, TrialRecord } from '../model/records.ts';
import { decode, merged, SAMPLES_ABOVE } from './histogram.ts';
import { exponentiated, tInterval, type Interval } from './interval.ts';
import { metricsOf, type MetricId } from './metrics.ts';
import { blocksToResolve, MARGIN, verdictOf, type Verdict } from './verdict.ts';

export const ANALYSIS_VERSION = 1;

export interface CellMetric {
  readonly metric: MetricId;
  /** Mean over blocks of the block's value; undefined with the reason when it cannot be given. */
  readonly value: Interval | undefined;
  readonly missing: string | undefined;
  /** Per block: block number and value. */
  readonly blocks: readonly (readonly [block: number, value: number])[];
  /** Against the baseline; undefined for the baseline itself, or where either side lacks the metric. */
  readonly versus: Versus | undefined;
}

export interface Versus {
  readonly difference: Interval;
  /** Geometric mean of the ratios; undefined where a value is zero. */
  readonly ratio: Interval | undefined;
  readonly verdict: Verdict;
  readonly blocksToResolve: number | undefined;
}

export interface CurvePoint {
  readonly share: number;
  readonly ns: number;
}

export interface Cell {
  readonly arm: string;
  readonly title: string;
  readonly tier: string;
  readonly trials: number;
  readonly invalid: number;
  readonly requests: number;
  readonly metrics: readonly CellMetric[];
  /** All blocks' requests together, for the eye only. */
  readonly curve: readonly CurvePoint[];
}

export interface ComparisonAnalysis {
  readonly workload: string;
  readonly load: string;
  readonly generator: string;
  readonly ratePerSecond: number | null;
  readonly baseline: string;
  readonly cells: readonly Cell[];
}

export interface Analysis {
  readonly analysisVersion: number;
  readonly run: string;
  readonly confidence: number;
  readonly margin: number;
  readonly comparisons: readonly ComparisonAnalysis[];
  readonly proof: Proof;
}

/** How many trials had every request counted by their datapath. */
export interface Proof {
  readonly trials: number;
  readonly exact: number;
  readonly requests: number;
}

export function analyse(stored: StoredRun): Analysis {
  const { run, trials } = stored;
  const place = (trial: TrialRecord) => run.workloads.findIndex((workload) => workload.name === trial.workload);
  const inOrder = trials.toSorted((a, b) => place(a) - place(b) || (a.load < b.load ? -1 : Number(a.load > b.load)));
  const keys = [...new Set(inOrder.map((trial) => `${trial.workload}\n${trial.load}`))];
  return {
    analysisVersion: ANALYSIS_VERSION,
    run: run.id,
    confidence: run.confidence,
    margin: MARGIN,
    comparisons: keys.map((key) =>
      compare(
        stored,
        trials.filter((trial) => `${trial.workload}\n${trial.load}` === key),
      ),
    ),
    proof: {
      trials: trials.length,
      exact: trials.filter((trial) => trial.path.exact).length,
      requests: trials.reduce((sum, trial) => sum + trial.result.arms.reduce((total, arm) => total + arm.sent, 0), 0),
    },
  };
}

function compare({ run }: StoredRun, trials: readonly TrialRecord[]): ComparisonAnalysis {
  const first = trials[0] as TrialRecord;
  const values = new Map(run.arms.map((arm) => [arm.name, valuesOf(trials.filter((trial) => trial.arm === arm.name && trial.valid))]));
  const baseline = values.get(run.baseline) ?? new Map<string, ArmMetric>();
  return {
    workload: first.workload,
    load: first.load,
    generator: first.generator,
    ratePerSecond: first.requested.ratePerSecond,
    baseline: run.baseline,
    cells: run.arms.map((arm) => {
      const own = trials.filter((trial) => trial.arm === arm.name);
      const valid = own.filter((trial) => trial.valid);
      return {
        arm: arm.name,
        title: arm.title,
        tier: tierOf(arm.features),
        trials: own.length,
        invalid: own.length - valid.length,
        requests: valid.reduce((sum, trial) => sum + (trial.result.arms[0]?.ok ?? 0), 0),
        metrics: [...(values.get(arm.name) ?? new Map<string, ArmMetric>()).values()].map((metric) =>
          cellMetric(metric, arm.name === run.baseline ? undefined : baseline.get(metric.metric.id), run.confidence),
        ),
        curve: curveOf(valid),
      };
    }),
  };
}

interface ArmMetric {
  readonly metric: MetricId;
  readonly byBlock: Map<number, number>;
  readonly withoutValue: number;
}

function valuesOf(trials: readonly TrialRecord[]): Map<string, ArmMetric> {
  const result = new Map<string, { metric: MetricId; byBlock: Map<number, number>; withoutValue: number }>();
  for (const trial of trials) {
    for (const { metric, value } of metricsOf(trial)) {
      const entry = result.get(metric.id) ?? { metric, byBlock: new Map<number, number>(), withoutValue: 0 };
      if (value === undefined) entry.withoutValue++;
      else entry.byBlock.set(trial.block, value);
      result.set(metric.id, entry);
    }
  }
  return result;
}

function cellMetric(own: ArmMetric, baseline: ArmMetric | undefined, confidence: number): CellMetric {
  const blocks = [...own.byBlock].sort(([a], [b]) => a - b);
  const value =
    own.withoutValue > 0
      ? undefined
      : tInterval(
          blocks.map(([, each]) => each),
          confidence,
        );
  const missing =
    own.withoutValue > 0
      ? `fewer than ${SAMPLES_ABOVE} requests of a block lie above it`
      : value === undefined
        ? 'fewer than 2 valid blocks'
        : undefined;
  return { metric: own.metric, value, missing, blocks, versus: value && baseline ? versus(own, baseline, confidence) : undefined };
}

/** Only blocks that measured both; the pairing inside a block cancels what both felt. */
function versus(own: ArmMetric, baseline: ArmMetric, confidence: number): Versus | undefined {
  const pairs = [...own.byBlock].flatMap(([block, value]) => {
    const other = baseline.byBlock.get(block);
    return other === undefined ? [] : [[value, other] as const];
  });
  const difference = tInterval(
    pairs.map(([value, other]) => value - other),
    confidence,
  );
  if (!difference) return undefined;
  const positive = pairs.every(([value, other]) => value > 0 && other > 0);
  const logs = positive
    ? tInterval(
        pairs.map(([value, other]) => Math.log(value / other)),
        confidence,
      )
    : undefined;
  const ratio = logs && exponentiated(logs);
  const verdict = verdictOf(difference, ratio);
  return { difference, ratio, verdict, blocksToResolve: verdict === 'unresolved' ? blocksToResolve(difference, confidence) : undefined };
}

const CURVE_SHARES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9975, 0.999, 0.9995, 0.9999];

function curveOf(trials: readonly TrialRecord[]): CurvePoint[] {
  const all = merged(trials.flatMap((trial) => trial.result.arms.flatMap((arm) => decode(arm.response) ?? [])));
  if (!all) return [];
  return CURVE_SHARES.filter((share) => share === 0 || all.totalCount * (1 - share) >= SAMPLES_ABOVE).map((share) => ({
    share,
    ns: share === 0 ? all.minNonZeroValue : all.getValueAtPercentile(share * 100),
  }));
}
