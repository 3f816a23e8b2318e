/** From a trial's record to its figures: percentiles, CPU and memory per component, per 1000 requests. */
import type { TrialRecord } from '../model/records.ts';
import { decode, percentileNs } from './histogram.ts';

export type Unit = 'ns' | 'nsPer1000' | 'bytes' | 'perSecond' | 'perRequest';

export interface MetricId {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly group: 'latency' | 'cpu' | 'memory' | 'capacity' | 'detail';
  /** Which direction is a charge. */
  readonly better: 'lower' | 'higher';
}

const PERCENTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p99', 0.99],
  ['p99.9', 0.999],
] as const;

/** Component of the eBPF programs' own time: inside the machine figure, beside the cgroups. */
export const EBPF_COMPONENT = 'ebpf-programs';

export interface TrialMetric {
  readonly metric: MetricId;
  /** Undefined: not enough samples, with the reason. */
  readonly value: number | undefined;
}

/** In the order in which a reader wants them. */
export function metricsOf(trial: TrialRecord): TrialMetric[] {
  const answered = trial.result.arms.reduce((sum, arm) => sum + arm.ok + arm.errors, 0);
  return [...capacityOf(trial), ...latencyOf(trial), ...cpuOf(trial, answered), ...memoryOf(trial), ...detailsOf(trial, answered)];
}

function latencyOf(trial: TrialRecord): TrialMetric[] {
  const arm = trial.result.arms[0];
  const histogram = arm && decode(arm.response);
  if (!histogram) return [];
  return PERCENTILES.map(([name, share]) => ({
    metric: { id: `latency.${name}`, title: `latency ${name}`, unit: 'ns', group: 'latency', better: 'lower' },
    value: percentileNs(histogram, share),
  }));
}

function capacityOf(trial: TrialRecord): TrialMetric[] {
  if (trial.requested.ratePerSecond !== null) return [];
  const metric: MetricId = { id: 'capacity', title: 'requests per second', unit: 'perSecond', group: 'capacity', better: 'higher' };
  return [{ metric, value: trial.result.achievedRatePerSecond }];
}

function cpuOf(trial: TrialRecord, answered: number): TrialMetric[] {
  const byComponent = new Map<string, number>();
  for (const measure of trial.measures) {
    const isCpu = measure.metric === 'cpu' || measure.metric === 'bpfTime';
    if (!isCpu) continue;
    const component = measure.metric === 'bpfTime' ? EBPF_COMPONENT : measure.component;
    byComponent.set(component, (byComponent.get(component) ?? 0) + measure.value);
  }
  const components = [...byComponent.keys()].sort((a, b) => Number(b === 'machine') - Number(a === 'machine'));
  return components.map((component) => ({
    metric: {
      id: `cpu.${component}`,
      title: component === 'machine' ? 'CPU, whole machine' : `CPU, ${component}`,
      unit: 'nsPer1000',
      group: 'cpu',
      better: 'lower',
    },
    value: answered === 0 ? undefined : ((byComponent.get(component) ?? 0) / answered) * 1000,
  }));
}

function memoryOf(trial: TrialRecord): TrialMetric[] {
  return trial.measures
    .filter((measure) => measure.metric === 'memory' && measure.component !== 'generator')
    .map((measure) => ({
      metric: { id: `memory.${measure.component}`, title: `memory, ${measure.component}`, unit: 'bytes', group: 'memory', better: 'lower' },
      value: measure.value,
    }));
}

function detailsOf(trial: TrialRecord, answered: number): TrialMetric[] {
  if (answered === 0) return [];
  return trial.measures
    .filter((measure) => measure.metric === 'linkPackets' || measure.metric === 'linkBytes')
    .map((measure) => ({
      metric: {
        id: `${measure.metric}.${measure.component}`,
        title: `${measure.metric === 'linkPackets' ? 'packets' : 'bytes'} per request, ${measure.component}`,
        unit: 'perRequest',
        group: 'detail',
        better: 'lower',
      },
      value: measure.value / answered,
    }));
}
