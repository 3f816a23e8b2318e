/**
 * One experiment, run several times: on other hosts, at other dates, with other versions. What is compared is each datapath
 * over its own run's baseline; absolute figures of different hosts are never set against each other.
 */
import type { RunRecord } from '../model/records.ts';
import type { Analysis } from './analyse.ts';
import { PRIMARY, type MetricId } from './metrics.ts';
import { halfWidth, type Interval } from './statistics/interval.ts';
import { holm } from './statistics/multiplicity.ts';
import { studentTCdf, studentTQuantile } from './statistics/student-t.ts';
import type { Compared } from './versus.ts';

export interface AnalysedRun {
  readonly run: RunRecord;
  readonly analysis: Analysis;
}

export interface RunFigure {
  readonly workload: string;
  readonly load: string;
  readonly arm: string;
  readonly metric: MetricId;
  /** By run, in the order given; undefined where it was not measured. */
  readonly ratios: readonly (Interval | undefined)[];
  /** Against the first run: times its ratio, with an interval; undefined for the first itself. */
  readonly changes: readonly (Change | undefined)[];
}

export interface Change {
  readonly times: Interval;
  readonly outcome: 'differs' | 'equivalent' | 'unresolved';
}

/** Why these runs cannot be compared, in words; empty when they can. */
export function incomparable(runs: readonly Pick<AnalysedRun, 'run'>[]): string[] {
  const [first, ...others] = runs.map(({ run }) => run);
  if (!first || others.length === 0) return ['there is only one run'];
  return others.flatMap((other) => {
    const told = (what: string, a: string, b: string) => (a === b ? [] : [`${other.id}: ${what} ${b}, ${first.id} has ${a}`]);
    return [
      ...told('the experiment is', first.experiment, other.experiment),
      ...told('the baseline is', first.baseline, other.baseline),
      ...told('datapaths are', armsOf(first), armsOf(other)),
      ...told('workloads are', asText(first.workloads), asText(other.workloads)),
      ...told('loads are', asText(first.loads), asText(other.loads)),
      ...told('the confidence is', String(first.confidence), String(other.confidence)),
      ...(first.cluster === 'simulated' || other.cluster === 'simulated' ? told('the cluster is', first.cluster, other.cluster) : []),
    ];
  });
}

/** What a datapath does is compared, not only what it is called. */
function armsOf({ arms }: RunRecord): string {
  return arms.map(({ name, datapath, options }) => `${name} (${datapath} ${asText(options)})`).join(', ');
}

function asText(value: unknown): string {
  return JSON.stringify(value);
}

export function compareRuns(runs: readonly AnalysedRun[], margin: number, confidence: number): RunFigure[] {
  const figures = figuresOf(runs).map((figure) => ({
    ...figure,
    measured: runs.map(({ analysis }) => measuredIn(analysis, figure.workload, figure.load, figure.arm, figure.metric.id)),
  }));
  const tests = figures.flatMap(({ measured }, index) =>
    measured.map((each, at) => ({ index, at, ...testOf(measured[0], each, confidence) })).filter(({ at, times }) => at > 0 && times),
  );
  const adjusted = holm(tests.map(({ pValue }) => pValue));
  return figures.map(({ measured, ...figure }, index): RunFigure => {
    const changes = measured.map((_, at): Change | undefined => {
      const place = tests.findIndex((each) => each.index === index && each.at === at);
      const found = tests[place];
      if (!found?.times) return undefined;
      return { times: found.times, outcome: outcomeOf(found.times, adjusted[place] as number, margin, confidence) };
    });
    return { ...figure, ratios: measured.map((each) => each?.ratio), changes };
  });
}

/** Of any of the runs: what one of them lacks is told too. */
function figuresOf(runs: readonly AnalysedRun[]): Pick<RunFigure, 'workload' | 'load' | 'arm' | 'metric'>[] {
  const all = runs.flatMap(({ analysis }) =>
    analysis.comparisons.flatMap(({ workload, load, cells }) =>
      cells
        .filter(({ baseline }) => baseline !== undefined)
        .flatMap(({ arm, metrics }) => metrics.map(({ metric }) => ({ workload, load, arm, metric })))
        .filter(({ metric }) => PRIMARY.some((id) => id === metric.id)),
    ),
  );
  return [...new Map(all.map((each) => [`${each.workload}\n${each.load}\n${each.arm}\n${each.metric.id}`, each])).values()];
}

/** A ratio, the standard error of its logarithm, and how many independent values that rests on. */
interface Measured {
  readonly ratio: Interval;
  readonly error: number;
  readonly n: number;
}

function measuredIn(
  { comparisons, confidence, intervals }: Analysis,
  ...[workload, load, arm, id]: readonly string[]
): Measured | undefined {
  const cells = comparisons.find((each) => each.workload === workload && each.load === load)?.cells;
  const versus = cells?.find((cell) => cell.arm === arm)?.metrics.find(({ metric }) => metric.id === id)?.versus;
  return versus?.refusal === undefined ? measuredOf(versus, confidence, intervals) : undefined;
}

/** From the interval's width: what it rests on, and whether it may be looked at any time, say how wide it is for its error. */
function measuredOf(versus: Compared | undefined, confidence: number, intervals: Analysis['intervals']): Measured | undefined {
  if (!versus?.ratio) return undefined;
  const { ratio, basis, deployments, merged } = versus;
  const n = basis === 'deployments' ? deployments : Math.floor(ratio.n / merged);
  const half = halfWidth(n, confidence, basis === 'deployments' ? 'fixed' : intervals);
  if (half === undefined) return undefined;
  return { ratio, n, error: (Math.log(ratio.high) - Math.log(ratio.low)) / 2 / (half * Math.sqrt(n)) };
}

/** Welch, on logarithms. Where nothing varies, what is seen is what is. */
function testOf(a: Measured | undefined, b: Measured | undefined, confidence: number): { times: Interval | undefined; pValue: number } {
  if (!a || !b) return { times: undefined, pValue: 1 };
  const log = Math.log(b.ratio.estimate / a.ratio.estimate);
  const n = Math.min(a.n, b.n);
  const error = Math.hypot(a.error, b.error);
  if (error === 0) return { times: { estimate: Math.exp(log), low: Math.exp(log), high: Math.exp(log), n }, pValue: log === 0 ? 1 : 0 };
  const df = error ** 4 / (a.error ** 4 / (a.n - 1) + b.error ** 4 / (b.n - 1));
  const reach = studentTQuantile(1 - (1 - confidence) / 2, df) * error;
  const times = { estimate: Math.exp(log), low: Math.exp(log - reach), high: Math.exp(log + reach), n };
  return { times, pValue: 2 * (1 - studentTCdf(Math.abs(log) / error, df)) };
}

function outcomeOf({ low, high }: Interval, pValue: number, margin: number, confidence: number): Change['outcome'] {
  if (low > 1 / (1 + margin) && high < 1 + margin) return 'equivalent';
  return pValue <= 1 - confidence && (low > 1 || high < 1) ? 'differs' : 'unresolved';
}
