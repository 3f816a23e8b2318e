/** What the files of other tools can carry, and a comparison where they were repeated. */
import type { Imported } from '../model/imported.ts';
import type { Random } from '../model/random.ts';
import type { MetricId } from './metrics.ts';
import type { Series } from './series.ts';
import { holm } from './statistics/multiplicity.ts';
import { judge, type Judged } from './verdict.ts';
import { compareSeries, type Compared } from './versus.ts';

/** Fewer repetitions of either side than this, and there is no verdict. */
export const REPETITIONS = 4;
const SHORTFALL = 0.01;

export interface Carries {
  readonly supports: readonly string[];
  readonly cannot: readonly string[];
}

export function carries(file: Imported): Carries {
  const { loop, clock, synthetic, errors = 0, requests, achievedPerSecond: achieved, requestedPerSecond: requested, coarse = [] } = file;
  const cannot = [
    ...(clock === 'send' ? ['latency counts from the send: what waited to be sent is not in it (coordinated omission)'] : []),
    ...(clock === 'unknown' ? ['the file does not say from when latency counts'] : []),
    ...(loop === 'closed' ? ['closed loop: a slow system is asked less often, and its tail is flattered'] : []),
    ...(loop === 'unknown' ? ['the file does not say whether the loop was open'] : []),
    ...(synthetic === true ? ['samples were made up for requests that could not be sent'] : []),
    ...(requested !== undefined && achieved !== undefined && achieved < requested * (1 - SHORTFALL)
      ? [`only ${achieved.toFixed(1)} of ${requested} requests/s were sent`]
      : []),
    ...(errors > 0 ? [`${errors}${requests === undefined ? '' : ` of ${requests}`} requests failed, and may be in the latencies`] : []),
    ...coarse.map(
      ([share, low, high]) =>
        `p${Number((share * 100).toFixed(3))} was interpolated between ${(low / 1e6).toFixed(3)} and ${(high / 1e6).toFixed(3)} ms`,
    ),
    'CPU and memory are not in it',
    'one window is no repetition: description only, no verdict',
  ];
  const supports = [
    ...(file.percentiles.length > 0 ? ['latency percentiles of one window'] : []),
    ...(achieved === undefined ? [] : ['the rate that was achieved']),
    ...(clock === 'intended' && loop === 'open' ? ['latency as a user who does not wait sees it'] : []),
  ];
  return { supports, cannot };
}

export interface ImportedComparison {
  readonly metric: MetricId;
  readonly versus: Compared & Judged;
}

/** Repetitions in the order in which they were made, the first of one beside the first of the other. Empty below four of each. */
export function compareImported(
  baseline: readonly Imported[],
  others: readonly Imported[],
  { confidence, margin, random }: { readonly confidence: number; readonly margin: number; readonly random: Random },
): ImportedComparison[] {
  if (Math.min(baseline.length, others.length) < REPETITIONS) return [];
  const shares = [...new Set([...baseline, ...others].flatMap(({ percentiles }) => percentiles.map(([share]) => share)))].sort(
    (a, b) => a - b,
  );
  const found = shares.flatMap((share) => {
    const metric: MetricId = {
      id: `latency.p${Number((share * 100).toFixed(3))}`,
      title: `latency p${Number((share * 100).toFixed(3))}`,
      unit: 'ns',
      group: 'latency',
      better: 'lower',
    };
    const [own, base] = [seriesOf(metric, others, share), seriesOf(metric, baseline, share)];
    const compared = compareSeries(own, base, { kind: 'fixed', confidence, margin, random, thorough: true });
    return compared && own.tooFew + base.tooFew === 0 ? [{ metric, compared }] : [];
  });
  const adjusted = holm(found.map(({ compared }) => compared.pValue));
  return found.map(({ metric, compared }, index) => ({
    metric,
    versus: { ...compared, ...judge({ ...compared, claimable: (adjusted[index] as number) <= 1 - confidence, margin }) },
  }));
}

function seriesOf(metric: MetricId, files: readonly Imported[], share: number): Series {
  const values = files.flatMap(({ percentiles, coarse = [] }, block) => {
    const value = percentiles.find(([each]) => each === share)?.[1];
    const open = coarse.find(([each]) => each === share);
    const range = open && ([open[1], open[2]] as const);
    return value === undefined ? [] : [{ block, deployment: block, value, sent: null, ...(range ? { range } : {}) }];
  });
  return { metric, values, tooFew: files.length - values.length };
}
