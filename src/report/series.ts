/**
 * A run as time series: for a Prometheus that watches it while it runs, and as a file of its points afterwards. The
 * estimates are the report's own; the counters add up what the measured windows held, so that a query over them gives
 * the same by another way (docs/prometheus.md).
 */
import type { Histogram } from 'hdr-histogram-js';
import { analyse, type Analysis } from '../analysis/analyse.ts';
import { percentileNs } from '../analysis/histogram.ts';
import { isMasked } from '../analysis/masking.ts';
import { answersOf, cpuByComponent } from '../analysis/metrics.ts';
import type { Family, FamilySample, Labels } from '../model/exposition.ts';
import { countsAtOrBelow, decode, newHistogram } from '../model/histogram.ts';
import type { RunRecord, TrialRecord } from '../model/records.ts';

/** Upper bounds in ns: 10 us to 10 s, each a tenth above the one before. */
const BOUNDS_NS = Array.from({ length: 146 }, (_, i) => 1e4 * 1.1 ** i);

const FLOWS = [
  ['flowEvents', 'meshtax_flow_events_total', 'Flow events of the pods in measured windows.'],
  ['flowDenied', 'meshtax_flow_denied_total', 'Packets that policy denied in measured windows.'],
  ['flowDrops', 'meshtax_flow_drops_total', 'Packets that were dropped for other reasons in measured windows.'],
  ['flowsLost', 'meshtax_flow_lost_total', 'Flow events that were lost in measured windows.'],
] as const;

export interface Progress {
  readonly planned: number;
}

/** What stands at the end of these trials; superseded ones are left out, and sums hold the valid windows alone, as the report does. */
export function runFamilies(run: RunRecord, all: readonly TrialRecord[], progress: Progress): Family[] {
  const trials = all.filter(({ superseded }) => !superseded);
  const windows = trials.filter(({ kind, valid }) => kind === 'latency' && valid);
  const analysis = analyse({ run, trials: all }, { thorough: false });
  return [
    single(
      'meshtax_run_info',
      'gauge',
      'The run.',
      { run: run.id, experiment: run.experiment, cluster: run.cluster, version: run.tool.version },
      1,
    ),
    single('meshtax_trials_planned', 'gauge', 'Trials of the plan; fewer when every question has its answer before.', {}, progress.planned),
    {
      name: 'meshtax_trials',
      type: 'gauge',
      help: 'Trials that were measured.',
      samples: [true, false].map((valid) => sample({ valid: String(valid) }, trials.filter((trial) => trial.valid === valid).length)),
    },
    summed('meshtax_requests_total', 'Requests that were answered in measured windows.', windows, answersOf),
    componentCpu(windows),
    durations(windows, responsesOf(analysis)),
    ...FLOWS.map(([metric, name, help]) =>
      summed(
        name,
        help,
        windows.filter(({ measures }) => measures.some((each) => each.metric === metric)),
        ({ measures }) => measures.filter((each) => each.metric === metric).reduce((sum, { value }) => sum + value, 0),
      ),
    ),
    ...estimates(analysis),
  ];
}

/** The latencies that the report shows: masked where the comparison's mask is used. */
function responsesOf({ comparisons }: Analysis): (trial: TrialRecord) => Histogram | undefined {
  const masked = isMasked(comparisons);
  return (trial) => decode(trial.masked && masked(trial) ? trial.masked.response : trial.result.arms[0]?.response);
}

/** A point for every trial, at the time it began: what `promtool tsdb create-blocks-from openmetrics` takes. */
export function trialFamilies(trials: readonly TrialRecord[], analysis: Analysis): Family[] {
  const responseOf = responsesOf(analysis);
  const ordered = trials.filter(({ superseded }) => !superseded).toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
  const point = (trial: TrialRecord, labels: Labels, value: number): FamilySample => ({
    labels: { ...labelsOf(trial), kind: trial.kind, share: String(trial.share ?? ''), valid: String(trial.valid), ...labels },
    value,
    timestampMs: Date.parse(trial.startedAt),
  });
  const latencies = ordered.flatMap((trial) => {
    const histogram = responseOf(trial);
    if (!histogram) return [];
    return [0.5, 0.9, 0.99].flatMap((share) => {
      const ns = percentileNs(histogram, share);
      return ns === undefined ? [] : [point(trial, { quantile: String(share) }, ns / 1e9)];
    });
  });
  const cpu = ordered.flatMap((trial) => [...cpuByComponent(trial)].map(([component, ns]) => point(trial, { component }, ns / 1e9)));
  return [
    gauge(
      'meshtax_trial_requests',
      'Requests that were answered in one window.',
      bySeries(ordered.map((trial) => point(trial, {}, answersOf(trial)))),
    ),
    gauge('meshtax_trial_latency_seconds', 'Latency of one window.', bySeries(latencies)),
    gauge('meshtax_trial_cpu_seconds', 'CPU time of one window.', bySeries(cpu)),
  ];
}

function gauge(name: string, help: string, samples: readonly FamilySample[]): Family {
  return { name, help, type: 'gauge', samples };
}

/** OpenMetrics wants the points of a series together. */
function bySeries(samples: readonly FamilySample[]): FamilySample[] {
  return [...Map.groupBy(samples, ({ labels }) => JSON.stringify(labels)).values()].flat();
}

function single(name: string, type: 'gauge' | 'counter', help: string, labels: Labels, value: number): Family {
  return { name, type, help, samples: [sample(labels, value)] };
}

function sample(labels: Labels, value: number): FamilySample {
  return { labels, value, timestampMs: undefined };
}

function labelsOf({ workload, load, arm }: TrialRecord): Labels {
  return { workload, load, arm };
}

function groups(trials: readonly TrialRecord[]): TrialRecord[][] {
  return [...Map.groupBy(trials, (trial) => JSON.stringify(labelsOf(trial))).values()];
}

function summed(name: string, help: string, trials: readonly TrialRecord[], valueOf: (trial: TrialRecord) => number): Family {
  const samples = groups(trials).map((group) =>
    sample(
      labelsOf(group[0] as TrialRecord),
      group.reduce((sum, trial) => sum + valueOf(trial), 0),
    ),
  );
  return { name, help, type: 'counter', samples };
}

function componentCpu(trials: readonly TrialRecord[]): Family {
  const samples = groups(trials).flatMap((group) => {
    const sums = new Map<string, number>();
    for (const trial of group) for (const [component, ns] of cpuByComponent(trial)) sums.set(component, (sums.get(component) ?? 0) + ns);
    return [...sums].map(([component, ns]) => sample({ ...labelsOf(group[0] as TrialRecord), component }, ns / 1e9));
  });
  return { name: 'meshtax_component_cpu_seconds_total', help: 'CPU time of a component in measured windows.', type: 'counter', samples };
}

function durations(trials: readonly TrialRecord[], responseOf: (trial: TrialRecord) => Histogram | undefined): Family {
  const samples = groups(trials).flatMap((group): FamilySample[] => {
    const labels = labelsOf(group[0] as TrialRecord);
    const all = newHistogram();
    for (const trial of group) {
      const histogram = responseOf(trial);
      if (histogram) all.add(histogram);
    }
    const count = all.totalCount;
    if (count === 0) return [];
    const counts = countsAtOrBelow(all, BOUNDS_NS);
    return [
      ...BOUNDS_NS.map((bound, i): FamilySample => ({
        ...sample({ ...labels, le: (bound / 1e9).toPrecision(6) }, counts[i] as number),
        suffix: '_bucket',
      })),
      { ...sample({ ...labels, le: '+Inf' }, count), suffix: '_bucket' },
      { ...sample(labels, (all.mean * count) / 1e9), suffix: '_sum' },
      { ...sample(labels, count), suffix: '_count' },
    ];
  });
  return {
    name: 'meshtax_request_duration_seconds',
    help: 'From a request being handed over by the pacer to its answer.',
    type: 'histogram',
    samples,
  };
}

function estimates({ comparisons }: Analysis): Family[] {
  const rows = comparisons.flatMap(({ workload, load, cells }) =>
    cells.flatMap(({ arm, metrics }) => metrics.map((metric) => ({ labels: { workload, load, arm, metric: metric.metric.id }, metric }))),
  );
  const bounds = ['estimate', 'low', 'high'] as const;
  const of = (labels: Labels, interval: { estimate: number; low: number; high: number } | undefined) =>
    interval ? bounds.map((bound) => sample({ ...labels, bound }, interval[bound])) : [];
  return [
    gauge(
      'meshtax_estimate',
      'As in the report: ns, ns per 1000 requests, bytes; mean of the blocks and its interval.',
      rows.flatMap(({ labels, metric }) => of(labels, metric.value)),
    ),
    gauge(
      'meshtax_difference',
      'As in the report: to the baseline inside a block, and its interval.',
      rows.flatMap(({ labels, metric }) => of(labels, metric.versus?.difference)),
    ),
  ];
}
