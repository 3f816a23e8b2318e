/** Over a run: how well two instruments agreed on one quantity, and what flows say. */
import { agreementsOf, type Agreement } from '../model/agreement.ts';
import { decode, newHistogram, type StoredHistogram } from '../model/histogram.ts';
import type { TrialRecord } from '../model/records.ts';
import { answersOf } from './metrics.ts';
import { percentileNs } from './histogram.ts';

interface Where {
  readonly workload: string;
  readonly arm: string;
}

export interface PairOfInstruments extends Where, Pick<Agreement, 'quantity' | 'component' | 'unit' | 'instruments' | 'cause'> {
  /** Means over windows. */
  readonly values: readonly [number, number];
  readonly windows: number;
  readonly agreeing: number;
}

export interface FlowSummary extends Where {
  readonly windows: number;
  readonly eventsPer1000: number;
  readonly connections: number;
  readonly denied: number;
  readonly drops: number;
  readonly translations: number;
  readonly lost: number;
  readonly missing: number;
  /** Between a request and its answer as the proxy recorded them, ns; undefined without HTTP records. */
  readonly httpLatency: Latency | undefined;
  /** The same windows, as the generator measured them. */
  readonly clientLatency: Latency | undefined;
}

/** What a proxy or an agent says of itself, over the windows of an arm. */
export interface OwnWord extends Where {
  readonly component: string;
  readonly metric: string;
  readonly unit: 'ns' | 'bytes' | 'count';
  readonly kind: 'counter' | 'gauge';
  readonly windows: number;
  /** Of a counter: for each 1000 requests answered. Of a gauge: the mean over windows. Several of one component are added up. */
  readonly value: number;
}

interface Latency {
  readonly count: number;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

export function pairsOfInstruments(trials: readonly TrialRecord[]): PairOfInstruments[] {
  const all = trials.flatMap((trial) =>
    agreementsOf(trial).map((agreement) => ({ ...agreement, workload: trial.workload, arm: trial.arm })),
  );
  const groups = Map.groupBy(all, ({ workload, arm, quantity, component }) => [workload, arm, quantity, component].join('\n'));
  return [...groups.values()].map((group) => {
    const [first] = group as [(typeof all)[number]];
    const { workload, arm, quantity, component, unit, instruments } = first;
    const mean = (index: 0 | 1) => group.reduce((sum, { values }) => sum + values[index], 0) / group.length;
    return {
      ...{ workload, arm, quantity, component, unit, instruments },
      cause: [...new Set(group.map((each) => each.cause))].join('; '),
      values: [mean(0), mean(1)],
      windows: group.length,
      agreeing: group.filter(({ agrees }) => agrees).length,
    };
  });
}

export function flowSummaries(trials: readonly TrialRecord[]): FlowSummary[] {
  const seen = trials.filter(({ measures }) => measures.some(({ collector }) => collector === 'hubble'));
  const groups = Map.groupBy(seen, ({ workload, arm }) => `${workload}\n${arm}`);
  return [...groups.values()].map((group) => {
    const [first] = group as [TrialRecord];
    const sum = (metric: string) =>
      group.reduce(
        (total, { measures }) => total + (measures.find((each) => each.collector === 'hubble' && each.metric === metric)?.value ?? 0),
        0,
      );
    const answered = group.reduce((total, trial) => total + answersOf(trial), 0);
    return {
      workload: first.workload,
      arm: first.arm,
      windows: group.length,
      eventsPer1000: answered === 0 ? 0 : (sum('flowEvents') / answered) * 1000,
      connections: sum('flowConnections'),
      denied: sum('flowDenied'),
      drops: sum('flowDrops'),
      translations: sum('flowTranslations'),
      lost: sum('flowsLost'),
      missing: sum('flowsMissing'),
      httpLatency: latencyOver(group, ({ distributions }) => distributions.find(({ metric }) => metric === 'flowHttpLatency')?.histogram),
      clientLatency: latencyOver(group, ({ result }) => result.arms[0]?.response),
    };
  });
}

export function ownWords(trials: readonly TrialRecord[]): OwnWord[] {
  const latency = trials.filter(({ kind }) => kind === 'latency');
  const arms = Map.groupBy(latency, ({ workload, arm }) => `${workload}\n${arm}`);
  return [...arms.values()].flatMap((own) => {
    const measures = own.flatMap((trial) =>
      trial.measures.filter(({ collector }) => collector === 'own-metrics').map((each) => ({ ...each, trial })),
    );
    return [...Map.groupBy(measures, ({ component, metric }) => `${component}\n${metric}`).values()].map(ownWord);
  });
}

/** Only of windows in which all pages of the component could be read: half of a sum is no figure. */
function ownWord(group: readonly (TrialRecord['measures'][number] & { readonly trial: TrialRecord })[]): OwnWord {
  const windows = [...Map.groupBy(group, ({ trial }) => trial)];
  const pages = Math.max(...windows.map(([, own]) => own.length));
  const whole = windows.filter(([, own]) => own.length === pages);
  const [{ component, metric, unit, kind, trial }] = group as [(typeof group)[number]];
  const sum = whole.flatMap(([, own]) => own).reduce((total, { value }) => total + value, 0);
  const answered = whole.reduce((total, [each]) => total + answersOf(each), 0);
  const value = kind === 'counter' ? (sum / Math.max(1, answered)) * 1000 : sum / whole.length;
  return { workload: trial.workload, arm: trial.arm, component, metric, unit, kind, windows: whole.length, value };
}

function latencyOver(
  trials: readonly TrialRecord[],
  histogramOf: (trial: TrialRecord) => StoredHistogram | undefined,
): Latency | undefined {
  const sum = newHistogram();
  for (const trial of trials) {
    const histogram = decode(histogramOf(trial));
    if (histogram) sum.add(histogram);
  }
  if (sum.totalCount === 0) return undefined;
  return { count: sum.totalCount, p50: percentileNs(sum, 0.5), p99: percentileNs(sum, 0.99) };
}
