/**
 * One experiment, run several times: on other hosts, at other dates, with other versions. What is compared is each datapath
 * over its own run's baseline; absolute figures of different hosts are never set against each other.
 */
import type { RunRecord } from '../model/records.ts';
import type { Analysis } from './analyse.ts';
import { PRIMARY, type MetricId } from './metrics.ts';
import type { Interval } from './statistics/interval.ts';
import { holm } from './statistics/multiplicity.ts';
import { studentTCdf, studentTQuantile } from './statistics/student-t.ts';

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
  const [first] = runs as [AnalysedRun];
  const figures = first.analysis.comparisons.flatMap(({ workload, load, cells }) =>
    cells.flatMap(({ arm, baseline, metrics }) =>
      baseline === undefined
        ? []
        : metrics
            .filter(({ metric }) => PRIMARY.some((id) => id === metric.id))
            .map(({ metric }) => ({
              workload,
              load,
              arm,
              metric,
              ratios: runs.map(({ analysis }) => ratioIn(analysis, workload, load, arm, metric.id)),
            })),
    ),
  );
  const tests = figures.flatMap(({ ratios }, index) =>
    ratios.map((ratio, at) => ({ index, at, ...testOf(ratios[0], ratio, confidence) })).filter(({ at, times }) => at > 0 && times),
  );
  const adjusted = holm(tests.map(({ pValue }) => pValue));
  return figures.map((figure, index): RunFigure => {
    const changes = figure.ratios.map((_, at): Change | undefined => {
      const place = tests.findIndex((each) => each.index === index && each.at === at);
      const found = tests[place];
      if (!found?.times) return undefined;
      return { times: found.times, outcome: outcomeOf(found.times, adjusted[place] as number, margin, confidence) };
    });
    return { ...figure, changes };
  });
}

function ratioIn({ comparisons }: Analysis, workload: string, load: string, arm: string, id: string): Interval | undefined {
  const cells = comparisons.find((each) => each.workload === workload && each.load === load)?.cells;
  return cells?.find((cell) => cell.arm === arm)?.metrics.find(({ metric }) => metric.id === id)?.versus?.ratio;
}

/** Welch, on logarithms, from the two intervals; each had the standard error that its width says. */
function testOf(a: Interval | undefined, b: Interval | undefined, confidence: number): { times: Interval | undefined; pValue: number } {
  if (!a || !b) return { times: undefined, pValue: 1 };
  const errorOf = ({ low, high, n }: Interval) => (Math.log(high) - Math.log(low)) / 2 / studentTQuantile(1 - (1 - confidence) / 2, n - 1);
  const [ea, eb] = [errorOf(a), errorOf(b)];
  const error = Math.hypot(ea, eb);
  const df = error ** 4 / (ea ** 4 / (a.n - 1) + eb ** 4 / (b.n - 1));
  const log = Math.log(b.estimate / a.estimate);
  const reach = studentTQuantile(1 - (1 - confidence) / 2, df) * error;
  const times = { estimate: Math.exp(log), low: Math.exp(log - reach), high: Math.exp(log + reach), n: Math.min(a.n, b.n) };
  return { times, pValue: error === 0 ? 1 : 2 * (1 - studentTCdf(Math.abs(log) / error, df)) };
}

function outcomeOf({ low, high }: Interval, pValue: number, margin: number, confidence: number): Change['outcome'] {
  if (low > 1 / (1 + margin) && high < 1 + margin) return 'equivalent';
  return pValue <= 1 - confidence && (low > 1 || high < 1) ? 'differs' : 'unresolved';
}
