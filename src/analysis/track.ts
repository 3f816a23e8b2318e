/** From the runs of a series to its points, and to what changed between which versions. */
import { armOf, type PairRun, type TrackRecord } from '../model/track.ts';
import type { RunRecord } from '../model/records.ts';
import type { Analysis } from './analyse.ts';
import { candidatesOf, REACH } from './history.ts';
import type { HeadToHead } from './head-to-head.ts';
import { PRIMARY, type MetricId } from './metrics.ts';
import type { Interval } from './statistics/interval.ts';
import { seededRandom } from '../model/random.ts';

export interface TrackedRun {
  readonly pair: PairRun;
  readonly run: RunRecord;
  readonly analysis: Analysis;
}

/** One version in one run: how many times the baseline beside it, and by itself, in the metric's unit. */
export interface TrackPoint {
  readonly version: string;
  readonly run: string;
  readonly workload: string;
  readonly load: string;
  readonly metric: MetricId;
  /** Undefined where the baseline has none of it, as of a proxy's memory. */
  readonly ratio: Interval | undefined;
  readonly value: Interval | undefined;
}

type Outcome = HeadToHead['metrics'][number]['versus'];

/** Of a figure: what names it within a series. */
interface Figure {
  readonly workload: string;
  readonly load: string;
  readonly metric: MetricId;
}

/** What a figure did from one version to another, as the paired run of both says. */
export interface Step extends Figure {
  readonly older: string;
  readonly newer: string;
  readonly first: Outcome;
  /** The same in a fresh run; undefined while there was none. */
  readonly second: Outcome | undefined;
  /** The whole series shows a step here too, in this direction. */
  readonly shown: 'higher' | 'lower' | undefined;
  /** `change`: two sources say so, a fresh paired run among them. `unconfirmed`: one does. */
  readonly outcome: 'change' | 'unconfirmed' | 'equivalent' | 'unresolved';
}

/** Where the series as a whole shows a step: places among the versions. */
export interface Shown extends Figure {
  /** The first version of the new regime. */
  readonly at: number;
  readonly direction: 'higher' | 'lower';
  /** Versions that may be asked: neighbouring candidates bound them. */
  readonly from: number;
  readonly to: number;
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
  readonly shown: readonly Shown[];
  readonly factChanges: readonly FactChange[];
}

/** Of fewer points no order is rare enough for the search's alpha. */
const SHORTEST_SERIES = 14;

export function analyseTrack(
  { name, versions }: Pick<TrackRecord, 'name' | 'versions'>,
  datapath: string,
  runs: readonly TrackedRun[],
  margin: number,
): TrackAnalysis {
  const pairs = runs.filter(({ pair }) => pair.purpose === 'pair');
  const shown = shownIn(
    name,
    versions,
    pairs.flatMap((each) => pointsOf(each, datapath)),
    margin,
  );
  return {
    points: runs.flatMap((each) => pointsOf(each, datapath)),
    steps: runs.filter((each) => isFirst(each, runs)).flatMap((each) => stepsOf(each, datapath, versions, runs, shown)),
    shown,
    factChanges: runs.slice(1).flatMap((each, index) => factChanges(runs[index] as TrackedRun, each)),
  };
}

function pointsOf({ pair, analysis, run }: TrackedRun, datapath: string): TrackPoint[] {
  return [pair.older, pair.newer].flatMap((version) =>
    analysis.comparisons.flatMap(({ workload, load, cells }) => {
      const cell = cells.find(({ arm }) => arm === armOf(datapath, version));
      return (cell?.metrics ?? []).flatMap(({ metric, value, versus }): TrackPoint[] =>
        value || versus?.ratio ? [{ version, run: run.id, workload, load, metric, ratio: versus?.ratio, value }] : [],
      );
    }),
  );
}

/** Of the runs of its two versions; a confirmation only where there is none that it could confirm. */
function isFirst(run: TrackedRun, runs: readonly TrackedRun[]): boolean {
  const same = runs.filter((other) => samePair(other.pair, run.pair));
  return run === (same.find(({ pair }) => pair.purpose !== 'confirmation') ?? same[0]);
}

function samePair(a: PairRun, b: PairRun): boolean {
  return a.older === b.older && a.newer === b.newer;
}

export function sameFigure(a: Figure, b: Figure): boolean {
  return a.workload === b.workload && a.load === b.load && a.metric.id === b.metric.id;
}

function stepsOf(
  tracked: TrackedRun,
  datapath: string,
  versions: readonly string[],
  runs: readonly TrackedRun[],
  shown: readonly Shown[],
): Step[] {
  const { pair, analysis } = tracked;
  const again = runs.find((other) => other !== tracked && other.pair.purpose === 'confirmation' && samePair(other.pair, pair));
  const [from, to] = [versions.indexOf(pair.older), versions.indexOf(pair.newer)];
  return outcomesOf(analysis, datapath, pair).map(({ versus: first, ...figure }): Step => {
    const second = again && outcomesOf(again.analysis, datapath, pair).find((each) => sameFigure(each, figure))?.versus;
    const candidate = shown.find((each) => sameFigure(each, figure) && from >= 0 && spans(from, to, each))?.direction;
    const fresh = pair.purpose === 'confirmation' ? first : second;
    const { older, newer } = pair;
    return { older, newer, ...figure, first, second, shown: candidate, outcome: outcomeOf(first, second, fresh, candidate) };
  });
}

/** Near enough: the detector may be off by its reach, within what neighbouring candidates leave. */
function spans(older: number, newer: number, { at, from, to }: Shown): boolean {
  return older >= from && newer < to && older < at + REACH && newer >= at - REACH;
}

/** What a run says of its two versions; empty where no trial of them counts. */
export function outcomesOf(
  { comparisons }: Pick<Analysis, 'comparisons'>,
  datapath: string,
  { older, newer }: Pick<PairRun, 'older' | 'newer'>,
) {
  return comparisons.flatMap(({ workload, load, pairs }) => {
    const own = pairs.find(({ arm, against }) => arm === armOf(datapath, newer) && against === armOf(datapath, older));
    return (own?.metrics ?? []).map((each) => ({ workload, load, ...each }));
  });
}

function outcomeOf(first: Outcome, second: Outcome | undefined, fresh: Outcome | undefined, shown: Step['shown']): Step['outcome'] {
  const called = isCalled(first) ? first.verdict : undefined;
  if (called !== undefined && second?.verdict === called) return 'change';
  if (shown !== undefined && fresh?.verdict === shown && (called ?? shown) === shown) return 'change';
  if (called !== undefined) return 'unconfirmed';
  return first.verdict === 'no difference' ? 'equivalent' : 'unresolved';
}

function isCalled({ verdict }: Outcome): boolean {
  return verdict === 'higher' || verdict === 'lower';
}

/** Which way a change went: as its first run says, or else the whole series. */
export function directionOf({ first, shown }: Step): string {
  return isCalled(first) || shown === undefined ? first.verdict : shown;
}

function factChanges(before: TrackedRun, after: TrackedRun): FactChange[] {
  const facts = new Set([...Object.keys(before.run.facts), ...Object.keys(after.run.facts)]);
  return [...facts].flatMap((fact): FactChange[] => {
    const [from = '', to = ''] = [before.run.facts[fact], after.run.facts[fact]].map((value) => (value === undefined ? '' : String(value)));
    return from === to ? [] : [{ older: before.pair.newer, newer: after.pair.newer, fact, from, to }];
  });
}

function shownIn(name: string, versions: readonly string[], points: readonly TrackPoint[], margin: number): Shown[] {
  if (versions.length < SHORTEST_SERIES) return [];
  const random = seededRandom(`track/${name}`);
  // Pairs are compared in these alone: of anything else no fresh run could say more.
  const primary = points.flatMap(({ ratio, ...each }) =>
    ratio && PRIMARY.some((id) => id === each.metric.id) ? [{ ...each, ratio }] : [],
  );
  const series = Map.groupBy(primary, ({ workload, load, metric }) => `${workload}\n${load}\n${metric.id}`);
  return [...series.values()].flatMap((own) => {
    const logs = versions.map((version) => meanLog(own.filter((each) => each.version === version)));
    const [first] = own;
    if (!first || logs.some((each) => Number.isNaN(each))) return [];
    const { workload, load, metric } = first;
    const found = candidatesOf(logs, margin, random);
    return found.map(({ at, shift }, index): Shown => ({
      ...{ workload, load, metric, at, direction: shift > 0 ? 'higher' : 'lower' },
      from: found[index - 1]?.at ?? 0,
      to: found[index + 1]?.at ?? versions.length,
    }));
  });
}

function meanLog(points: readonly { readonly ratio: Interval }[]): number {
  return points.reduce((sum, { ratio }) => sum + Math.log(ratio.estimate), 0) / points.length;
}

/** Neighbours of the series that a paired run called, and no fresh run was asked about yet. */
export function suspects({ steps }: TrackAnalysis, versions: readonly string[]): (readonly [older: string, newer: string])[] {
  const areNeighbours = ({ older, newer }: Step) => versions.some((version, index) => version === older && versions[index + 1] === newer);
  const called = steps.filter((step) => step.outcome === 'unconfirmed' && step.second === undefined && areNeighbours(step));
  return [...new Set(called.map(({ older, newer }) => `${older}\n${newer}`))].map((pair) => pair.split('\n') as [string, string]);
}
