/**
 * From a stored run to what a report says. Pure: the same run gives the same analysis, without any cluster.
 * Each datapath is compared with the baseline inside each block; the blocks are the sample.
 */
import { tierOf } from '../model/features.ts';
import { seededRandom } from '../model/random.ts';
import type { ArmRecord, ComparisonDesign, StoredRun, TrialRecord } from '../model/records.ts';
import { timelineOf, type TimelinePoint } from './timeline.ts';
import { boundsOf, widened } from './bounds.ts';
import { curveOf, distributionOf, type CurvePoint } from './curve.ts';
import { headToHead, type HeadToHead } from './head-to-head.ts';
import { SAMPLES_ABOVE } from './histogram.ts';
import { flowSummaries, ownWords, pairsOfInstruments, type FlowSummary, type OwnWord, type PairOfInstruments } from './instruments.ts';
import { idleOf } from './ladder.ts';
import { isMasked, maskingVerdict, type MaskingVerdict } from './masking.ts';
import { PRIMARY, type MetricId } from './metrics.ts';
import { armSeries, type ArmSeries, type Series } from './series.ts';
import { intervalOf, type Interval } from './statistics/interval.ts';
import { eBenjaminiHochberg, holm } from './statistics/multiplicity.ts';
import { steadyFrom } from './statistics/trend.ts';
import { validityOf, type Validity } from './validity.ts';
import { judge } from './verdict.ts';
import { compareSeries, type Compared, type Inference, type Versus } from './versus.ts';

export const ANALYSIS_VERSION = 6;

export interface CellMetric {
  readonly metric: MetricId;
  /** Mean over blocks of the block's value; undefined with the reason when it cannot be given. */
  readonly value: Interval | undefined;
  readonly missing: string | undefined;
  /** Per block: block number and value. */
  readonly blocks: readonly (readonly [block: number, value: number])[];
  /** Against the baseline; undefined for the baseline itself, or where either side lacks the metric. */
  readonly versus: Versus | undefined;
  /** The same before masking, where masked figures are used. */
  readonly raw: { readonly value: Interval | undefined; readonly difference: Interval | undefined } | undefined;
}

export interface Cell {
  readonly arm: string;
  /** What it is compared with; undefined for a baseline. */
  readonly baseline: string | undefined;
  readonly title: string;
  readonly tier: string;
  readonly trials: number;
  readonly invalid: number;
  /** Measured again because the host stood still. */
  readonly repeated: number;
  readonly requests: number;
  readonly metrics: readonly CellMetric[];
  /** All blocks' requests together, for the eye only. */
  readonly curve: readonly CurvePoint[];
  /** Latency by share of the requests, evenly spaced: the whole distribution, for the eye only. */
  readonly distribution: readonly (readonly [share: number, ns: number])[];
  /** First block from which this arm's own p50 was steady (10 blocks of at most 1 % drift, no jump); null: never; undefined: too few blocks. */
  readonly steadyFrom: number | null | undefined;
  /** CPU that runs without any request, ns per second, by component; empty without a ladder. */
  readonly idle: Readonly<Record<string, Interval>>;
}

export interface ComparisonAnalysis {
  readonly workload: string;
  readonly load: string;
  readonly generator: string;
  readonly ratePerSecond: number | null;
  /** Of all arms, or of those of the same cluster. */
  readonly baselines: readonly string[];
  readonly design: ComparisonDesign | undefined;
  readonly masking: MaskingVerdict;
  readonly cells: readonly Cell[];
  readonly timeline: readonly TimelinePoint[];
  /** Datapaths against each other: those of one tier, unless more was asked for. */
  readonly pairs: readonly HeadToHead[];
}

export interface Analysis {
  readonly analysisVersion: number;
  readonly run: string;
  readonly confidence: number;
  readonly margin: number;
  /** How the number of blocks came about, and so which interval is printed: of a fixed number only where all of them were measured. */
  readonly intervals: Inference['kind'];
  readonly comparisons: readonly ComparisonAnalysis[];
  readonly proof: Proof;
  readonly validity: Validity;
  /** Empty unless thorough. */
  readonly instruments: readonly PairOfInstruments[];
  readonly flows: readonly FlowSummary[];
  readonly ownWords: readonly OwnWord[];
}

/** What the arms of a comparison are compared with, in words. */
export function baselineWords({ baselines }: Pick<ComparisonAnalysis, 'baselines'>): string {
  return baselines.length === 1 ? (baselines[0] as string) : `the baseline of its own cluster (${baselines.join(', ')})`;
}

/** The workload; with its load where the run has it under several. */
export function subjectOf({ workload, load }: ComparisonAnalysis, comparisons: readonly ComparisonAnalysis[]): string {
  return comparisons.filter((each) => each.workload === workload).length > 1 ? `${workload}, ${load}` : workload;
}

/** How many trials had every request counted by their datapath. */
export interface Proof {
  readonly trials: number;
  readonly exact: number;
  readonly requests: number;
}

export interface AnalyseOptions {
  /** Cross-checks and curves too; default: yes. */
  readonly thorough?: boolean;
  /** Datapaths against each other although they do not do the same work. */
  readonly acrossTiers?: boolean;
}

export function analyse(stored: StoredRun, { thorough = true, acrossTiers = false }: AnalyseOptions = {}): Analysis {
  const { run } = stored;
  const trials = stored.trials.filter((trial) => !trial.superseded);
  const inference: Inference = {
    // Somebody may have looked, and ended it because of what he saw.
    kind: run.stop === 'fixed' && run.status === 'complete' ? 'fixed' : 'anytime',
    confidence: run.confidence,
    margin: run.margin,
    random: seededRandom(`analysis/${run.seed}`),
    thorough,
  };
  const drafts = byComparison(stored).map((own) => draft(stored, own, inference, acrossTiers));
  return {
    analysisVersion: ANALYSIS_VERSION,
    run: run.id,
    confidence: run.confidence,
    margin: run.margin,
    intervals: inference.kind,
    comparisons: judged(drafts, inference),
    validity: validityOf(stored.trials, isMasked(drafts.map((each) => each.comparison))),
    instruments: thorough ? pairsOfInstruments(trials) : [],
    flows: thorough ? flowSummaries(trials) : [],
    ownWords: thorough ? ownWords(trials) : [],
    proof: {
      trials: trials.length,
      exact: trials.filter((trial) => trial.path.exact).length,
      requests: trials.reduce((sum, trial) => sum + trial.result.arms.reduce((total, arm) => total + arm.sent, 0), 0),
    },
  };
}

/** The trials of each comparison: workloads in the experiment's order, loads by name. */
function byComparison({ run, trials }: StoredRun): TrialRecord[][] {
  const place = new Map(run.workloads.map((workload, index) => [workload.name, index]));
  return [...Map.groupBy(trials, (trial) => `${trial.workload}\n${trial.load}`)]
    .sort(([a, [x]], [b, [y]]) => (place.get(x?.workload ?? '') ?? 0) - (place.get(y?.workload ?? '') ?? 0) || (a < b ? -1 : 1))
    .map(([, group]) => group);
}

interface DraftMetric {
  readonly series: Series;
  readonly raw: Series | undefined;
  readonly compared: Compared | undefined;
  readonly rawCompared: Compared | undefined;
}

interface DraftCell {
  readonly cell: Omit<Cell, 'metrics'>;
  readonly metrics: readonly DraftMetric[];
}

interface Draft {
  readonly comparison: Omit<ComparisonAnalysis, 'cells'>;
  readonly cells: readonly DraftCell[];
}

/** Undefined for a baseline itself. */
function baselineOf(run: StoredRun['run'], { name, baseline = run.baseline }: ArmRecord): string | undefined {
  return name === baseline ? undefined : baseline;
}

function contestantsOf(run: StoredRun['run']) {
  return run.arms.flatMap((arm) => {
    const baseline = baselineOf(run, arm);
    return baseline === undefined ? [] : [{ name: arm.name, features: arm.features, baseline }];
  });
}

/** Everything but the verdicts: those need all figures of a family. */
function draft({ run }: StoredRun, trials: readonly TrialRecord[], inference: Inference, acrossTiers: boolean): Draft {
  const first = trials.find((trial) => trial.kind === 'latency') ?? trials[0];
  if (!first) throw new Error('a comparison has trials');
  const byArm = Map.groupBy(trials, (trial) => trial.arm);
  const ownOf = (arm: string) => byArm.get(arm) ?? [];
  const validOf = (arm: string) => ownOf(arm).filter((trial) => trial.valid && !trial.superseded);
  const masking = maskingVerdict(run.arms.map(({ name }) => validOf(name).filter((trial) => trial.kind === 'latency')));
  const how = { masked: masking.used, hasLadder: trials.some(({ kind }) => kind === 'cpu'), withSum: inference.thorough };
  const series = new Map(run.arms.map(({ name }) => [name, armSeries(validOf(name), how)]));
  const comparison = {
    workload: first.workload,
    load: first.load,
    generator: first.generator,
    ratePerSecond: first.requested.ratePerSecond,
    baselines: [...new Set(run.arms.flatMap((arm) => baselineOf(run, arm) ?? arm.name))],
    design: run.designs.find((each) => each.workload === first.workload && each.load === first.load),
    masking,
    timeline: inference.thorough ? timelineOf(trials) : [],
    // Drawn apart: what is compared besides must not change the intervals of the rest.
    pairs: inference.thorough
      ? headToHead(contestantsOf(run), series, acrossTiers, { ...inference, random: seededRandom(`pairs/${run.seed}`) })
      : [],
  };
  const cells = run.arms.map((arm): DraftCell => {
    const own = series.get(arm.name) as ArmSeries;
    const baselineName = baselineOf(run, arm);
    const baseline = baselineName === undefined ? undefined : series.get(baselineName);
    const all = ownOf(arm.name).filter((trial) => !trial.superseded);
    return {
      cell: {
        arm: arm.name,
        baseline: baselineName,
        title: arm.title,
        tier: tierOf(arm.features),
        trials: all.length,
        invalid: all.filter((trial) => !trial.valid).length,
        repeated: ownOf(arm.name).length - all.length,
        requests: validOf(arm.name).reduce((sum, trial) => sum + (trial.result.arms[0]?.ok ?? 0), 0),
        curve: curveOf(own.sum, inference.confidence),
        distribution: distributionOf(own.sum),
        idle: idleOf(own.ladder, inference),
        steadyFrom: inference.thorough ? steadinessOf(own, inference) : undefined,
      },
      metrics: [...own.figures.values()].map((each) => {
        const raw = own.raw.get(each.metric.id);
        const versus = (mine: Series | undefined, theirs: Series | undefined, how = inference) =>
          mine && theirs && mine.tooFew === 0 && theirs.tooFew === 0 ? compareSeries(mine, theirs, how) : undefined;
        return {
          series: each,
          raw,
          compared: versus(each, baseline?.figures.get(each.metric.id)),
          rawCompared: versus(raw, baseline?.raw.get(each.metric.id), { ...inference, thorough: false }),
        };
      }),
    };
  });
  return { comparison, cells };
}

const BLOCKS_FOR_STEADINESS = 10;

function steadinessOf({ figures }: ArmSeries, { random }: Inference): number | null | undefined {
  const values = figures.get('latency.p50')?.values ?? [];
  if (values.length < BLOCKS_FOR_STEADINESS) return undefined;
  const from = steadyFrom(
    values.map(({ value }) => value),
    random,
  );
  return from === undefined ? null : (values[from]?.block ?? null);
}

/**
 * Holm within the primary figures of one datapath in one comparison (the question a reader asks); e-BH over the
 * primary figures of the whole run (the grid that a reader scans).
 */
function judged(drafts: readonly Draft[], inference: Inference): ComparisonAnalysis[] {
  const isPrimary = ({ series }: DraftMetric) => PRIMARY.some((id) => id === series.metric.id);
  const grid = drafts.flatMap(({ cells }) => cells.flatMap(({ metrics }) => metrics.filter((each) => isPrimary(each) && each.compared)));
  const stands = eBenjaminiHochberg(
    grid.map(({ compared }) => compared?.eValue ?? 0),
    1 - inference.confidence,
  );
  const inGrid = new Map(grid.map((each, index) => [each, stands[index] === true]));
  return drafts.map(({ comparison, cells }) => ({
    ...comparison,
    cells: cells.map(({ cell, metrics }): Cell => {
      const family = metrics.filter((each) => isPrimary(each) && each.compared);
      const adjusted = holm(family.map(({ compared }) => compared?.pValue ?? 1));
      const claimable = (each: DraftMetric) => {
        const index = family.indexOf(each);
        return (index < 0 ? (each.compared?.pValue ?? 1) : (adjusted[index] as number)) <= 1 - inference.confidence;
      };
      return { ...cell, metrics: metrics.map((each) => cellMetric(each, claimable(each), inGrid.get(each) === true, inference)) };
    }),
  }));
}

/** Four blocks bound nothing at every look at once; what an arm itself showed is then given as of a fixed number. Verdicts are not. */
function estimateOf(values: readonly number[], confidence: number, kind: Inference['kind']): Interval | undefined {
  return intervalOf(values, confidence, kind) ?? intervalOf(values, confidence, 'fixed');
}

function cellMetric(
  { series, raw, compared, rawCompared }: DraftMetric,
  claimable: boolean,
  survivesGrid: boolean,
  inference: Inference,
): CellMetric {
  const { confidence, kind, margin } = inference;
  const valueOf = ({ values, tooFew }: Series) =>
    tooFew > 0
      ? undefined
      : widened(values.map(boundsOf), (plain) => {
          const interval = estimateOf(plain, confidence, kind);
          return interval && { interval };
        })?.interval;
  const value = valueOf(series);
  const missing =
    series.tooFew > 0
      ? `fewer than ${SAMPLES_ABOVE} requests of a block lie above it`
      : value === undefined
        ? 'too few valid blocks'
        : undefined;
  return {
    metric: series.metric,
    value,
    missing,
    blocks: series.values.map(({ block, value: each }) => [block, each]),
    versus: compared && value ? { ...compared, ...judge({ ...compared, claimable, margin }), survivesGrid } : undefined,
    raw: raw && { value: valueOf(raw), difference: rawCompared?.difference },
  };
}
