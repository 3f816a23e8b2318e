/** One figure of one arm against the baseline's: paired inside blocks, interval, evidence, cross-checks. */
import { mean, median, sampleStandardDeviation } from 'simple-statistics';
import type { Random } from '../model/random.ts';
import { boundsOf, widened } from './bounds.ts';
import type { BlockValue, Series } from './series.ts';
import { independentValues } from './statistics/autocorrelation.ts';
import { hierarchicalBootstrap } from './statistics/bootstrap.ts';
import { eValue, pValue } from './statistics/e-value.ts';
import { exponentiated, intervalOf, type Interval, type IntervalKind } from './statistics/interval.ts';
import { cliffsDelta, hodgesLehmann } from './statistics/location.ts';
import { blocksForHalfWidth, minimumDetectableEffect } from './statistics/power.ts';
import { signFlipPValue } from './statistics/sign-flip.ts';
import { deploymentsDifferPValue, varianceSplit, type VarianceSplit } from './statistics/variance-split.ts';
import type { Judged } from './verdict.ts';

/** How far one level of repetition may disagree with the other before the wider interval is printed. */
const DISAGREEMENT = 1.5;
/** Above this p the deployments differ by no more than their blocks explain: three of them alone would bound little. */
const DEPLOYMENTS_DIFFER_P = 0.05;

/** A deployment takes about as long as this many blocks: for the suggested repetition counts. */
const DEPLOYMENT_COST = 2;

/** A lower bound of zero has no logarithm; the interval then reaches very far down, as it should. */
const TINY = 1e-9;

export interface Inference {
  readonly kind: IntervalKind;
  readonly confidence: number;
  readonly margin: number;
  readonly random: Random;
  /** Cross-checks and curves too: a report wants them, a run that asks whether to go on does not. */
  readonly thorough: boolean;
}

export interface Compared {
  readonly difference: Interval;
  /** Geometric mean of the ratios; undefined where a value is zero. */
  readonly ratio: Interval | undefined;
  /** What the intervals rest on. */
  readonly basis: 'blocks' | 'deployments';
  readonly deployments: number;
  /** Lag-1 correlation of successive blocks, and how many were merged into one because of it. */
  readonly correlation: number;
  readonly merged: number;
  readonly pValue: number;
  readonly eValue: number;
  /** On the log scale where there is a ratio: what these blocks could have seen, and how many would settle it. */
  readonly detectable: number | undefined;
  readonly blocksToResolve: number | undefined;
  readonly robust: Robust | undefined;
  readonly variance: VarianceSplit | undefined;
  /** Why there can be no verdict; why one is harder to reach. */
  readonly refusal: string | undefined;
  readonly doubt: string | undefined;
}

/** Assumption-free companions. */
export interface Robust {
  /** Of the ratios (or differences): the Hodges-Lehmann estimate. */
  readonly location: number;
  readonly cliffsDelta: number;
  /** Exact for randomised order; undefined below 8 blocks, where it can support nothing. */
  readonly signFlipP: number | undefined;
  /** A block lies so far out that the mean is not to be trusted alone. */
  readonly outliers: boolean;
}

export type Versus = Compared & Judged & { readonly survivesGrid: boolean };

interface Pair {
  readonly own: BlockValue;
  readonly other: BlockValue;
}

/** Undefined below 2 pairs of blocks, or where so few bound nothing. */
export function compareSeries(own: Series, baseline: Series, inference: Inference): Compared | undefined {
  const others = new Map(baseline.values.map((value) => [value.block, value]));
  const pairs = own.values.flatMap((value): Pair[] => {
    const other = others.get(value.block);
    return other ? [{ own: value, other }] : [];
  });
  if (pairs.length < 2) return undefined;
  const differences = pairs.map(({ own: a, other: b }) => a.value - b.value);
  const positive = pairs.every(({ own: a, other: b }) => a.value > 0 && b.value > 0);
  const logs = positive ? pairs.map(({ own: a, other: b }) => Math.log(a.value / b.value)) : undefined;
  const bounded = pairs.map((pair) => [boundsOf(pair.own), boundsOf(pair.other)] as const);
  const difference = widened(
    bounded.map(([a, b]) => ({ mid: a.mid - b.mid, low: a.low - b.high, high: a.high - b.low })),
    (values) => settled(values, pairs, inference),
  );
  const ratio =
    logs &&
    widened(
      bounded.map(([a, b]) => ({
        mid: Math.log(a.mid / b.mid),
        low: Math.log(Math.max(a.low, TINY) / b.high),
        high: Math.log(a.high / Math.max(b.low, TINY)),
      })),
      (values) => settled(values, pairs, inference),
    );
  if (!difference) return undefined;
  const scale = logs ?? differences;
  const { values, merged, correlation, inflation } = independentValues(scale);
  const isBounded = pairs.some(({ own: a, other: b }) => a.range !== undefined || b.range !== undefined);
  const { low, high } = (ratio ?? difference).interval;
  // What the instrument leaves open no number of blocks settles, and no test of the values in the middle may claim.
  const isOpen = isBounded && low <= 0 && high >= 0;
  return {
    difference: difference.interval,
    ratio: ratio && exponentiated(ratio.interval),
    basis: (ratio ?? difference).basis,
    deployments: new Set(pairs.map((pair) => pair.own.deployment)).size,
    correlation,
    merged,
    ...evidenceOf(values, inflation, inference, isOpen),
    ...(isBounded ? NO_PLAN : planned(ratio ?? difference, values, merged, groupsOf(scale, pairs), logs !== undefined, inference)),
    robust: inference.thorough ? robustOf(scale, pairs, logs !== undefined, inference.random) : undefined,
    variance: varianceSplit(groupsOf(scale, pairs), { block: 1, deployment: DEPLOYMENT_COST }),
    refusal: unequal(pairs) ? 'the two were not sent the same number of requests' : undefined,
    doubt: doubtOf(isOpen, inflation, correlation),
  };
}

function evidenceOf(
  values: readonly number[],
  inflation: number,
  { kind }: Inference,
  isOpen: boolean,
): Pick<Compared, 'pValue' | 'eValue'> {
  return isOpen ? { pValue: 1, eValue: 0 } : { pValue: pValue(values, kind, inflation), eValue: eValue(values, inflation) };
}

function doubtOf(isOpen: boolean, inflation: number, correlation: number): string | undefined {
  if (isOpen) return 'the instrument bounds it no closer: longer windows, or a node agent';
  return inflation > 1 ? `successive blocks depend on each other, correlation ${correlation.toFixed(2)}` : undefined;
}

/** More blocks do not make an instrument's bounds narrower. */
const NO_PLAN = { detectable: undefined, blocksToResolve: undefined } as const;

/** The interval over blocks, merged where neighbours correlate; or over deployments, where those vary more than blocks explain. */
function settled(
  values: readonly number[],
  pairs: readonly Pair[],
  { kind, confidence, random }: Inference,
): { interval: Interval; basis: Compared['basis'] } | undefined {
  const independent = independentValues(values);
  const overBlocks = intervalOf(independent.values, confidence, kind, independent.inflation);
  if (!overBlocks) return undefined;
  const blocks = { ...overBlocks, n: values.length };
  const groups = groupsOf(values, pairs);
  const alike = groups.length < 3 || groups.length === values.length || deploymentsDifferPValue(groups) > DEPLOYMENTS_DIFFER_P;
  if (alike) return { interval: blocks, basis: 'blocks' };
  const resampled = hierarchicalBootstrap(groups, confidence, random);
  const overDeployments = intervalOf(
    groups.map((group) => mean([...group])),
    confidence,
    'fixed',
  );
  const candidates = [resampled, overDeployments].filter((interval) => interval !== undefined);
  const widest = candidates.reduce((a, b) => (widthOf(b) > widthOf(a) ? b : a), blocks);
  if (widthOf(widest) <= DISAGREEMENT * widthOf(blocks)) return { interval: blocks, basis: 'blocks' };
  return { interval: { ...widest, n: values.length }, basis: 'deployments' };
}

function groupsOf(values: readonly number[], pairs: readonly Pair[]): number[][] {
  const groups = Map.groupBy(values.keys(), (index) => (pairs[index] as Pair).own.deployment);
  return [...groups.values()].map((indices) => indices.map((index) => values[index] as number));
}

function widthOf({ low, high }: Interval): number {
  return high - low;
}

/** Where deployments differ, it takes more of them: of so many blocks as they have had. */
function planned(
  { basis }: { readonly basis: Compared['basis'] },
  values: readonly number[],
  merged: number,
  groups: readonly (readonly number[])[],
  isLog: boolean,
  inference: Inference,
): Pick<Compared, 'detectable' | 'blocksToResolve'> {
  if (basis === 'blocks') return planning(values, merged, isLog, inference);
  const blocksEach = Math.ceil(groups.flat().length / groups.length);
  return planning(
    groups.map((group) => mean([...group])),
    blocksEach,
    isLog,
    { ...inference, kind: 'fixed' },
  );
}

/** How many blocks until either zero or the margin lies outside an interval of this spread, should the estimate stay. */
function planning(
  values: readonly number[],
  blocksEach: number,
  isLog: boolean,
  { kind, confidence, margin }: Inference,
): Pick<Compared, 'detectable' | 'blocksToResolve'> {
  const spread = sampleStandardDeviation([...values]);
  const estimate = Math.abs(mean([...values]));
  const wanted = isLog ? Math.max(estimate, Math.log(1 + margin) - estimate) : estimate;
  const needed = wanted > 0 ? blocksForHalfWidth(spread, wanted, kind, confidence, values.length + 1) : undefined;
  return {
    detectable: isLog ? Math.exp(minimumDetectableEffect(spread, values.length, kind, confidence)) - 1 : undefined,
    blocksToResolve: needed === undefined ? undefined : needed * blocksEach,
  };
}

const OUTLIER_MADS = 5;

function robustOf(scale: readonly number[], pairs: readonly Pair[], isLog: boolean, random: Random): Robust {
  const location = hodgesLehmann(scale);
  const middle = median([...scale]);
  const spread = median(scale.map((value) => Math.abs(value - middle)));
  return {
    location: isLog ? Math.exp(location) : location,
    cliffsDelta: cliffsDelta(
      pairs.map(({ own }) => own.value),
      pairs.map(({ other }) => other.value),
    ),
    signFlipP: scale.length < 8 ? undefined : signFlipPValue(scale, random),
    outliers: spread > 0 && scale.some((value) => Math.abs(value - middle) > OUTLIER_MADS * 1.4826 * spread),
  };
}

function unequal(pairs: readonly Pair[]): boolean {
  return pairs.some(({ own, other }) => own.sent !== other.sent);
}
