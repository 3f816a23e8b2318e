/**
 * What a datapath costs a month over its baseline, from fitted slopes: CPU at a rate, and memory by where it is paid (a pod,
 * a node, the cluster). Every input is visible in the result; the interval is that of the CPU slope.
 */
import type { Cell, ComparisonAnalysis } from './analyse.ts';

export interface CostInputs {
  readonly nodes: number;
  readonly podsPerNode: number;
  /** Of the whole cluster; a request from one pod to another is one. */
  readonly requestsPerSecond: number;
  readonly perCoreHour: number;
  readonly perGibHour: number;
}

/** Round numbers, so that nobody takes them for their own. */
export const EXAMPLE_INPUTS: CostInputs = { nodes: 10, podsPerNode: 20, requestsPerSecond: 10_000, perCoreHour: 0.04, perGibHour: 0.005 };
export const HOURS_PER_MONTH = 730;
const GIB = 1024 ** 3;

export interface Span {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export interface DatapathCost {
  readonly arm: string;
  readonly against: string;
  readonly tier: string;
  /** Over the baseline; an interval below zero saves. */
  readonly cores: Span;
  /** Over the baseline too; undefined where memory of one was not measured, and so what it is a month. */
  readonly gib: number | undefined;
  readonly perMonth: Span | undefined;
  /** Its own, whatever the baseline holds. */
  readonly memory: MemoryBill;
}

export interface MemoryBill {
  /** Undefined where something that is paid for so was not measured. */
  readonly bytesPerPod: number | undefined;
  readonly bytesPerNode: number | undefined;
  readonly bytesPerCluster: number | undefined;
}

export interface BreakEven {
  readonly perPod: string;
  readonly perNode: string;
  /** Pods a node from which what is paid once a node is cheaper: over the intervals of both slopes. At or below zero: always. */
  readonly podsPerNode: Span;
}

/** Who pays: a sidecar once a pod; a node proxy and an agent once a node; a waypoint and a control plane once. */
const PAID = {
  pod: ['client-proxy', 'server-proxy'],
  node: ['node-proxy', 'agent'],
  cluster: ['waypoint', 'control-plane'],
} as const;

/** Of each datapath whose CPU is a slope over a ladder of rates, against its baseline's: CPU over one rate holds what runs idle. */
export function costsOf({ cells }: ComparisonAnalysis, inputs: CostInputs): DatapathCost[] {
  return cells.flatMap((cell): DatapathCost[] => {
    const slope = cell.metrics.find(({ metric }) => metric.id === 'cpu.machine')?.versus?.difference;
    if (!slope || cell.baseline === undefined || Object.keys(cell.idle).length === 0) return [];
    const coresOf = (nsPer1000: number) => (nsPer1000 / 1000 / 1e9) * inputs.requestsPerSecond;
    const cores = { estimate: coresOf(slope.estimate), low: coresOf(slope.low), high: coresOf(slope.high) };
    const memory = memoryBill(cell);
    const baseline = cells.find(({ arm }) => arm === cell.baseline);
    const gib = difference(gibOf(memory, inputs), baseline && gibOf(memoryBill(baseline), inputs));
    const perMonth = (each: number) => (each * inputs.perCoreHour + (gib ?? Number.NaN) * inputs.perGibHour) * HOURS_PER_MONTH;
    return [
      {
        arm: cell.arm,
        against: cell.baseline,
        tier: cell.tier,
        cores,
        gib,
        perMonth:
          gib === undefined ? undefined : { estimate: perMonth(cores.estimate), low: perMonth(cores.low), high: perMonth(cores.high) },
        memory,
      },
    ];
  });
}

function memoryBill(cell: Cell): MemoryBill {
  const valueOf = (id: string) => cell.metrics.find(({ metric }) => metric.id === id)?.value?.estimate;
  /** Undefined where one of them ran and its memory was not measured. */
  const each = (components: readonly string[], of: 'memory' | 'memoryOfOne') => {
    const isUnknown = (component: string) => valueOf(`cpu.${component}`) !== undefined && valueOf(`${of}.${component}`) === undefined;
    return components.some(isUnknown) ? undefined : components.flatMap((component) => valueOf(`${of}.${component}`) ?? []);
  };
  const sum = (values: readonly number[] | undefined) => values?.reduce((total, value) => total + value, 0);
  const pods = each(PAID.pod, 'memoryOfOne');
  return {
    // Either side has a sidecar: a pod pays for one.
    bytesPerPod: pods && (sum(pods) ?? 0) / Math.max(1, pods.length),
    bytesPerNode: sum(each(PAID.node, 'memoryOfOne')),
    bytesPerCluster: sum(each(PAID.cluster, 'memory')),
  };
}

function gibOf({ bytesPerPod, bytesPerNode, bytesPerCluster }: MemoryBill, { nodes, podsPerNode }: CostInputs): number | undefined {
  if (bytesPerPod === undefined || bytesPerNode === undefined || bytesPerCluster === undefined) return undefined;
  return (bytesPerPod * podsPerNode * nodes + bytesPerNode * nodes + bytesPerCluster) / GIB;
}

function difference(own: number | undefined, other: number | undefined): number | undefined {
  return own === undefined || other === undefined ? undefined : own - other;
}

/** From how many pods a node on a datapath paid by the node is cheaper than one paid by the pod, of one tier, at the same rate. */
export function breakEvens(costs: readonly DatapathCost[], inputs: CostInputs): BreakEven[] {
  const known = costs.filter(({ gib }) => gib !== undefined);
  const perPod = known.filter(({ memory }) => (memory.bytesPerPod ?? 0) > 0);
  const perNode = known.filter(({ memory }) => memory.bytesPerPod === 0);
  return perPod.flatMap((pod) =>
    perNode
      .filter(({ tier }) => tier === pod.tier)
      .flatMap((node): BreakEven[] => {
        const ofOnePod = ((pod.memory.bytesPerPod ?? 0) / GIB) * inputs.nodes * inputs.perGibHour;
        if (ofOnePod === 0) return [];
        const fixed = ({ memory }: DatapathCost, cores: number) =>
          cores * inputs.perCoreHour + (gibOf({ ...memory, bytesPerPod: 0 }, inputs) ?? Number.NaN) * inputs.perGibHour;
        const density = (coresOfNode: number, coresOfPod: number) => (fixed(node, coresOfNode) - fixed(pod, coresOfPod)) / ofOnePod;
        return [
          {
            perPod: pod.arm,
            perNode: node.arm,
            podsPerNode: {
              estimate: density(node.cores.estimate, pod.cores.estimate),
              low: density(node.cores.low, pod.cores.high),
              high: density(node.cores.high, pod.cores.low),
            },
          },
        ];
      }),
  );
}
