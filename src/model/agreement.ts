/**
 * The same quantity by two instruments, over one window of one arm. The precise source (cgroup files, the generator)
 * stands first; the second (cAdvisor, Hubble) brings its own bounds. Between the edges of the two windows lie some
 * milliseconds, in which little but something happens.
 */
import type { TrialRecord } from './records.ts';

export interface Agreement {
  readonly quantity: 'CPU' | 'memory' | 'bytes' | 'connections' | 'HTTP requests';
  readonly component: string;
  readonly unit: 'ns' | 'bytes' | 'count';
  readonly instruments: readonly [string, string];
  readonly values: readonly [number, number];
  /** What the first value may be, by the bounds of the second and the edges. */
  readonly allowed: readonly [number, number];
  readonly agrees: boolean;
  /** Why the two need not be equal. */
  readonly cause: string;
}

/** Of what the component used: work between the edges of two windows, and numbers rounded for the page. */
const EDGE_SHARE = 0.02;
const EDGE_NS = 2e6;
/** Memory is a gauge: read at two times, some hundred ms apart. */
const MEMORY_SHARE = 0.05;
const MEMORY_BYTES = 1024 * 1024;
/** Keep-alives and address resolution between the edges. */
const EDGE_BYTES = 2000;

export function agreementsOf(trial: TrialRecord): Agreement[] {
  return [...cpuAndMemory(trial), ...traffic(trial), ...flows(trial)];
}

function cpuAndMemory({ measures }: TrialRecord): Agreement[] {
  const instruments = ['cgroup', 'cAdvisor'] as const;
  return measures.flatMap((second): Agreement[] => {
    if (second.collector !== 'cadvisor') return [];
    const { metric, component, value } = second;
    const first = measures.find((each) => each.collector === 'cgroup' && each.metric === metric && each.component === component);
    if (!first) return [];
    if (metric === 'cpu') {
      const [low, high] = second.range ?? [value, value];
      const edge = value * EDGE_SHARE + EDGE_NS;
      const allowed = [low - edge, high + edge] as const;
      const cause = 'interpolated between samples; the edges of the windows';
      return [agreement({ quantity: 'CPU', component, unit: 'ns', instruments, values: [first.value, value], allowed, cause })];
    }
    if (metric !== 'memory') return [];
    const edge = first.value * MEMORY_SHARE + MEMORY_BYTES;
    const allowed = [value - edge, value + edge] as const;
    const cause = 'read at different moments';
    return [agreement({ quantity: 'memory', component, unit: 'bytes', instruments, values: [first.value, value], allowed, cause })];
  });
}

/** Both directions of a pod's device. */
function traffic({ measures }: TrialRecord): Agreement[] {
  return measures.flatMap((first): Agreement[] => {
    if (first.collector !== 'links' || first.metric !== 'linkBytes') return [];
    const pod = first.component.replace(/-pod$/, '');
    const both = measures.filter(
      (each) => each.collector === 'cadvisor' && each.component === pod && (each.metric === 'received' || each.metric === 'sent'),
    );
    if (both.length !== 2) return [];
    const sum = (of: (measure: (typeof both)[number]) => number) => both.reduce((total, each) => total + of(each), 0);
    const value = sum((each) => each.value);
    const edge = value * EDGE_SHARE + EDGE_BYTES;
    const allowed = [sum((each) => each.range?.[0] ?? each.value) - edge, sum((each) => each.range?.[1] ?? each.value) + edge] as const;
    const cause = 'interpolated between samples; the edges of the windows';
    const instruments = ['the pod’s device', 'cAdvisor'] as const;
    return [
      agreement({
        quantity: 'bytes',
        component: first.component,
        unit: 'bytes',
        instruments,
        values: [first.value, value],
        allowed,
        cause,
      }),
    ];
  });
}

/** Lost or missing events make Hubble's count a lower bound. */
function flows({ measures, result }: TrialRecord): Agreement[] {
  const of = (metric: string) => measures.find((each) => each.collector === 'hubble' && each.metric === metric)?.value;
  const arm = result.arms[0];
  const incomplete = (of('flowsLost') ?? 0) + (of('flowsMissing') ?? 0) > 0;
  const pairs = [
    { quantity: 'connections', own: arm?.connectionsOpened, seen: of('flowConnections') },
    { quantity: 'HTTP requests', own: arm && arm.ok + arm.errors, seen: of('flowHttpResponses') },
  ] as const;
  return pairs.flatMap(({ quantity, own, seen }): Agreement[] => {
    if (own === undefined || seen === undefined) return [];
    const cause = incomplete ? 'events were lost: a lower bound' : 'every one is an event';
    const allowed = [seen, incomplete ? Number.POSITIVE_INFINITY : seen] as const;
    return [
      agreement({
        quantity,
        component: 'client',
        unit: 'count',
        instruments: ['the generator', 'Hubble'],
        values: [own, seen],
        allowed,
        cause,
      }),
    ];
  });
}

/** The first value must be one that the second allows. */
function agreement(compared: Omit<Agreement, 'agrees'>): Agreement {
  const [low, high] = compared.allowed;
  return { ...compared, agrees: compared.values[0] >= low && compared.values[0] <= high };
}
