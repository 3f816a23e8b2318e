/** One figure of one arm over the blocks of a run: the sample that everything is inferred from. */
import type { Histogram } from 'hdr-histogram-js';
import type { TrialRecord } from '../model/records.ts';
import { decode, newHistogram } from '../model/histogram.ts';
import { ladderBlocks, type LadderBlock } from './ladder.ts';
import { cpuMetric, latencyMetrics, resourceMetrics, type MetricId, type Range, type TrialMetric } from './metrics.ts';

export interface BlockValue {
  readonly block: number;
  readonly deployment: number;
  readonly value: number;
  /** Where the instrument bounds it. */
  readonly range?: Range | undefined;
  /** Requests sent in the window behind it; null where that is no sample size (CPU, memory). */
  readonly sent: number | null;
}

export interface Series {
  readonly metric: MetricId;
  readonly values: readonly BlockValue[];
  /** Blocks whose samples did not carry the figure. */
  readonly tooFew: number;
}

/** All figures of one arm in one comparison. */
export interface ArmSeries {
  readonly figures: ReadonlyMap<string, Series>;
  /** Latency before masking, under the same ids; empty where nothing was masked. */
  readonly raw: ReadonlyMap<string, Series>;
  readonly ladder: readonly LadderBlock[];
  /** All good answers together, for the eye only. */
  readonly sum: Histogram | undefined;
}

/** Percentiles of a stored trial never change; a run that assesses itself after each block asks for them again and again. */
const known = new WeakMap<object, TrialMetric[]>();

/** Decoded once: for the percentiles, and added up where a curve is wanted. */
function percentilesOf(stored: { readonly count: number; readonly hdr: string } | undefined, sum?: Histogram): TrialMetric[] {
  if (!stored) return [];
  const before = known.get(stored);
  if (before && !sum) return before;
  const histogram = decode(stored);
  if (histogram) sum?.add(histogram);
  const metrics = before ?? latencyMetrics(histogram);
  known.set(stored, metrics);
  return metrics;
}

export interface HowMeasured {
  /** Latencies are the masked ones. */
  readonly masked: boolean;
  /** CPU is the slope of the comparison's ladder, also for an arm of which no step is valid: then there is none. */
  readonly hasLadder: boolean;
  /** Decode everything for the curve too. */
  readonly withSum: boolean;
}

/** `trials`: the valid ones of the arm. */
export function armSeries(trials: readonly TrialRecord[], { masked, hasLadder, withSum }: HowMeasured): ArmSeries {
  const ordered = trials.toSorted((a, b) => a.block - b.block);
  const latency = ordered.filter((trial) => trial.kind === 'latency');
  const ladderTrials = ordered.filter((trial) => trial.kind === 'cpu');
  const figures = new Builder();
  const raw = new Builder();
  const sum = withSum && latency.length > 0 ? newHistogram() : undefined;
  for (const trial of latency) {
    const response = trial.result.arms[0]?.response;
    const all = percentilesOf(response, sum);
    if (masked) raw.add(trial, all, true);
    figures.add(trial, masked ? percentilesOf(trial.masked?.response) : all, true);
    figures.add(trial, resourceMetrics(trial, !hasLadder), false);
  }
  const ladder = ladderBlocks(ladderTrials);
  const deployments = new Map(ladderTrials.map((trial) => [trial.block, trial.deployment]));
  for (const { block, lines } of ladder) {
    const place = { block, deployment: deployments.get(block) ?? 0 };
    for (const [component, { nsPerRequest }] of lines) figures.addValue(place, cpuMetric(component, nsPerRequest * 1000), null);
  }
  return { figures: figures.series(), raw: raw.series(), ladder, sum };
}

/** In the order in which a reader wants them. */
const GROUPS: readonly MetricId['group'][] = ['capacity', 'latency', 'cpu', 'memory', 'detail'];

class Builder {
  readonly #series = new Map<string, { metric: MetricId; values: BlockValue[]; tooFew: number }>();

  add(trial: TrialRecord, metrics: readonly TrialMetric[], counted: boolean): void {
    for (const each of metrics) this.addValue(trial, each, counted ? (trial.result.arms[0]?.sent ?? 0) : null);
  }

  addValue({ block, deployment }: { block: number; deployment: number }, { metric, value, range }: TrialMetric, sent: number | null): void {
    const entry = this.#series.get(metric.id) ?? { metric, values: [], tooFew: 0 };
    if (value === undefined) entry.tooFew++;
    else entry.values.push({ block, deployment, value, ...(range ? { range } : {}), sent });
    this.#series.set(metric.id, entry);
  }

  series(): Map<string, Series> {
    const rank = ({ metric }: Series) => GROUPS.indexOf(metric.group) + (metric.id === 'cpu.machine' ? -0.5 : 0);
    return new Map([...this.#series].sort(([, a], [, b]) => rank(a) - rank(b)));
  }
}
