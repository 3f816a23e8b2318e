/** From the runs of a series to its points, and to what changed between which versions. */
import { armOf, type PairRun, type TrackRecord } from '../model/track.ts';
import type { RunRecord } from '../model/records.ts';
import type { Analysis } from './analyse.ts';
import { candidatesOf, DETECTOR } from './history.ts';
import type { HeadToHead } from './head-to-head.ts';
import type { MetricId } from './metrics.ts';
import type { Interval } from './statistics/interval.ts';
import type { Random } from '../model/random.ts';

export interface TrackedRun {
  readonly pair: PairRun;
  readonly run: RunRecord;
  readonly analysis: Analysis;
}

/** One version in one run: how many times the baseline beside it. */
export interface TrackPoint {
  readonly version: string;
  readonly run: string;
  readonly workload: string;
  readonly metric: MetricId;
  readonly ratio: Interval;
}

type Outcome = HeadToHead['metrics'][number]['versus'];

/** What a figure did from one version to another, as the paired run of both says. */
export interface Step {
  readonly older: string;
  readonly newer: string;
  readonly workload: string;
  readonly metric: MetricId;
  readonly first: Outcome;
  /** The same in a fresh run; undefined while there was none. */
  readonly second: Outcome | undefined;
  /** `change`: both runs say so. `unconfirmed`: the first did. */
  readonly outcome: 'change' | 'unconfirmed' | 'equivalent' | 'unresolved';
}

/** Facts of the environment that differ between the runs of two versions: what else could explain a change. */
export interface FactChange {
  readonly older: string;
  readonly newer: string;
  readonly fact: string;
  readonly from: string;
  readonly to: string;
}

export interface TrackAnalysis {
  readonly points: readonly TrackPoint[];
  readonly steps: readonly Step[];
  readonly factChanges: readonly FactChange[];
}

export function analyseTrack(datapath: string, runs: readonly TrackedRun[]): TrackAnalysis {
  const pairs = runs.filter(({ pair }) => pair.purpose !== 'confirmation');
  return {
    points: runs.flatMap((each) => pointsOf(each, datapath)),
    steps: pairs.flatMap((each) => stepsOf(each, datapath, runs)),
    factChanges: pairs.slice(1).flatMap((each, index) => factChanges(pairs[index] as TrackedRun, each)),
  };
}

function pointsOf({ pair, analysis, run }: TrackedRun, datapath: string): TrackPoint[] {
  return [pair.older, pair.newer].flatMap((version) =>
    analysis.comparisons.flatMap(({ workload, cells }) => {
      const cell = cells.find(({ arm }) => arm === armOf(datapath, version));
      return (cell?.metrics ?? []).flatMap(({ metric, versus }): TrackPoint[] =>
        versus?.ratio ? [{ version, run: run.id, workload, metric, ratio: versus.ratio }] : [],
      );
    }),
  );
}

function stepsOf({ pair, analysis }: TrackedRun, datapath: string, runs: readonly TrackedRun[]): Step[] {
  const again = runs.find(
    ({ pair: other }) => other.purpose === 'confirmation' && other.older === pair.older && other.newer === pair.newer,
  );
  return outcomesOf(analysis, datapath, pair).map(({ workload, metric, versus }): Step => {
    const second =
      again &&
      outcomesOf(again.analysis, datapath, pair).find((each) => each.workload === workload && each.metric.id === metric.id)?.versus;
    return { older: pair.older, newer: pair.newer, workload, metric, first: versus, second, outcome: outcomeOf(versus, second) };
  });
}

function outcomesOf({ comparisons }: Analysis, datapath: string, { older, newer }: PairRun) {
  return comparisons.flatMap(({ workload, pairs }) => {
    const own = pairs.find(({ arm, against }) => arm === armOf(datapath, newer) && against === armOf(datapath, older));
    return (own?.metrics ?? []).map((each) => ({ workload, ...each }));
  });
}

function outcomeOf(first: Outcome, second: Outcome | undefined): Step['outcome'] {
  if (first.verdict === 'no difference') return 'equivalent';
  if (first.verdict !== 'higher' && first.verdict !== 'lower') return 'unresolved';
  return second?.verdict === first.verdict ? 'change' : 'unconfirmed';
}

function factChanges(before: TrackedRun, after: TrackedRun): FactChange[] {
  const facts = new Set([...Object.keys(before.run.facts), ...Object.keys(after.run.facts)]);
  return [...facts].flatMap((fact): FactChange[] => {
    const [from = '', to = ''] = [before.run.facts[fact], after.run.facts[fact]].map((value) => (value === undefined ? '' : String(value)));
    return from === to ? [] : [{ older: before.pair.newer, newer: after.pair.newer, fact, from, to }];
  });
}

/** Pairs of versions that a fresh run should look at: what a paired run called, and what the whole series shows where it is long enough. */
export function suspects(
  { versions }: TrackRecord,
  { points, steps }: TrackAnalysis,
  margin: number,
  random: Random,
): (readonly [older: string, newer: string])[] {
  const called = steps
    .filter(({ outcome, second }) => outcome === 'unconfirmed' && second === undefined)
    .map(({ older, newer }) => `${older}\n${newer}`);
  const series = [...Map.groupBy(points, ({ workload, metric }) => `${workload}\n${metric.id}`).values()];
  const shown = series.flatMap((own) => {
    if (versions.length < 2 * DETECTOR.minSegment) return [];
    const logs = versions.map((version) => meanLog(own.filter((each) => each.version === version)));
    if (logs.some((each) => Number.isNaN(each))) return [];
    return candidatesOf(logs, margin, random).map(({ at }) => `${versions[at - 1]}\n${versions[at]}`);
  });
  const asked = new Set(steps.filter(({ second }) => second !== undefined).map(({ older, newer }) => `${older}\n${newer}`));
  return [...new Set([...called, ...shown])].filter((pair) => !asked.has(pair)).map((pair) => pair.split('\n') as [string, string]);
}

function meanLog(points: readonly TrackPoint[]): number {
  return points.reduce((sum, { ratio }) => sum + Math.log(ratio.estimate), 0) / points.length;
}
