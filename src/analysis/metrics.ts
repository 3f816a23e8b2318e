/** From a trial's record to its figures: percentiles, CPU and memory per component, per 1000 requests. */
import type { Histogram } from 'hdr-histogram-js';
import type { Measure, TrialRecord } from '../model/records.ts';
import { percentileNs } from './histogram.ts';

export type Unit = 'ns' | 'nsPer1000' | 'bytes' | 'perSecond' | 'perRequest';

export interface MetricId {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly group: 'latency' | 'cpu' | 'memory' | 'capacity' | 'detail';
  /** Which direction is a charge. */
  readonly better: 'lower' | 'higher';
}

/** What a run is measured for: each of these gets a verdict, and a run may stop when all have one. */
export const PRIMARY = ['latency.p50', 'latency.p99', 'cpu.machine', 'memory.datapath'] as const;

const PERCENTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p99', 0.99],
  ['p99.9', 0.999],
] as const;

/** In the order in which a request meets them; the rest of the machine is what no component was charged with. */
export const COMPONENTS = [
  'generator',
  'client-proxy',
  'node-proxy',
  'waypoint',
  'server-proxy',
  'server-app',
  'observer',
  'agent',
  'control-plane',
] as const;

/** Component of the eBPF programs' own time: inside the machine figure, beside the cgroups. */
export const EBPF_COMPONENT = 'ebpf-programs';

/** Busy time of all CPUs as the idle soaker saw it; the headline where it was measured. */
export const SOAKED_COMPONENT = 'machine-soaked';

export interface TrialMetric {
  readonly metric: MetricId;
  /** Undefined: not enough samples. */
  readonly value: number | undefined;
  /** What the instrument itself bounds it by, where it does. */
  readonly range?: Range | undefined;
}

export type Range = readonly [low: number, high: number];

/** Latency percentiles of one histogram of one trial. */
export function latencyMetrics(histogram: Histogram | undefined): TrialMetric[] {
  if (!histogram) return [];
  return PERCENTILES.map(([name, share]) => ({
    metric: { id: `latency.${name}`, title: `latency ${name}`, unit: 'ns', group: 'latency', better: 'lower' },
    value: percentileNs(histogram, share),
  }));
}

/** What a latency trial says besides latency. CPU is per 1000 answers at this one rate: only where there was no ladder. */
export function resourceMetrics(trial: TrialRecord, withCpu: boolean): TrialMetric[] {
  const answered = answersOf(trial);
  const cpu = withCpu
    ? [...cpuByComponent(trial)].map(([component, ns]) => {
        const per1000 = (each: number) => (each / answered) * 1000;
        const range = cpuRangeOf(trial, component);
        const metric = cpuMetric(component, answered === 0 ? undefined : per1000(ns));
        return range ? { ...metric, range: [per1000(range[0]), per1000(range[1])] as const } : metric;
      })
    : [];
  return [...capacityOf(trial), ...cpu, ...memoryOf(trial), ...detailsOf(trial, answered)];
}

export function answersOf(trial: TrialRecord): number {
  return trial.result.arms.reduce((sum, arm) => sum + arm.ok + arm.errors, 0);
}

/** Instruments that see the same as a more precise one: their figures are for comparing, unless there is no other. */
const SECOND_SOURCES = new Set(['cadvisor', 'node-samples']);

function measuresOfRecord({ measures, notMeasured }: TrialRecord): Measure[] {
  const precise = new Set(measures.filter(({ collector }) => !SECOND_SOURCES.has(collector)).map(nameOfMeasure));
  const chosen = measures.filter((measure) => !SECOND_SOURCES.has(measure.collector) || !precise.has(nameOfMeasure(measure)));
  // Of several containers with one role one is missing: half a sum is no figure.
  const missing = new Set(notMeasured.map((each) => `${each.collector} ${nameOfMeasure(each)}`));
  return chosen.filter((measure) => !missing.has(`${measure.collector} ${nameOfMeasure(measure)}`));
}

function nameOfMeasure({ metric, component }: Pick<Measure, 'metric' | 'component'>): string {
  return `${metric} ${component}`;
}

/** CPU time by component over a trial's window, ns; what is not an arm's alone has no entry. */
export function cpuByComponent(trial: TrialRecord): Map<string, number> {
  const byComponent = new Map<string, number>();
  for (const { metric, component, value } of measuresOfRecord(trial)) {
    if (metric !== 'cpu' && metric !== 'bpfTime') continue;
    const name = metric === 'bpfTime' ? EBPF_COMPONENT : component;
    byComponent.set(name, (byComponent.get(name) ?? 0) + value);
  }
  return byComponent;
}

/** Bounds of a component's CPU time where an instrument gave any: of several containers, added up. */
function cpuRangeOf(trial: TrialRecord, component: string): Range | undefined {
  const own = measuresOfRecord(trial).filter((measure) => measure.metric === 'cpu' && measure.component === component);
  if (!own.some(({ range }) => range)) return undefined;
  const sum = (at: 0 | 1) => own.reduce((total, { range, value }) => total + (range ? range[at] : value), 0);
  return [sum(0), sum(1)];
}

/** Per 1000 requests. The soaker's figure is the machine's headline; without one, /proc/stat's is. */
export function cpuMetric(component: string, value: number | undefined): TrialMetric {
  const titles: Record<string, string> = {
    machine: 'CPU, whole machine',
    'machine-stat': 'CPU, whole machine by /proc/stat',
    [EBPF_COMPONENT]: 'CPU, eBPF programs',
  };
  const title = titles[component] ?? `CPU, ${component}`;
  return { metric: { id: `cpu.${component}`, title, unit: 'nsPer1000', group: 'cpu', better: 'lower' }, value };
}

function capacityOf(trial: TrialRecord): TrialMetric[] {
  if (trial.requested.ratePerSecond !== null) return [];
  const metric: MetricId = { id: 'capacity', title: 'requests per second', unit: 'perSecond', group: 'capacity', better: 'higher' };
  return [{ metric, value: trial.result.achievedRatePerSecond }];
}

/** What a datapath adds to a pair of pods: its proxies, not the application. The observer is the node's, one for all pods. */
const NOT_THE_DATAPATH = new Set(['generator', 'server-app', 'observer', 'agent', 'control-plane']);

function memoryOf(trial: TrialRecord): TrialMetric[] {
  const measured = measuresOfRecord(trial).filter(({ metric, component }) => metric === 'memory' && component !== 'generator');
  if (measured.length === 0) return [];
  const of = (component: string, title: string, value: number): TrialMetric => ({
    metric: { id: `memory.${component}`, title, unit: 'bytes', group: 'memory', better: 'lower' },
    value,
  });
  const byComponent = new Map<string, number>();
  for (const { component, value } of measured) byComponent.set(component, (byComponent.get(component) ?? 0) + value);
  const countOf = (component: string) => measured.filter((each) => each.component === component).length;
  const datapath = measured.filter(({ component }) => !NOT_THE_DATAPATH.has(component)).reduce((sum, { value }) => sum + value, 0);
  // Nor is a sum without one of its proxies.
  const isWhole = trial.notMeasured.every(
    ({ metric, component }) => metric !== 'memory' || NOT_THE_DATAPATH.has(component) || byComponent.has(component),
  );
  return [
    ...(isWhole ? [of('datapath', 'memory of a pod pair', datapath)] : []),
    ...[...byComponent].map(([component, value]) => of(component, `memory, ${component}`, value)),
    ...[...byComponent].map(([component, value]) => memoryOfOne(component, value / countOf(component))),
  ];
}

/** Where several pods or nodes have one each: what each of them holds. */
function memoryOfOne(component: string, value: number): TrialMetric {
  return {
    metric: { id: `memoryOfOne.${component}`, title: `memory of one ${component}`, unit: 'bytes', group: 'detail', better: 'lower' },
    value,
  };
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
