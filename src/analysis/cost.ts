/**
 * What a datapath costs a month, from fitted slopes: CPU over the baseline at a rate, and memory by where it is paid (a pod,
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
  readonly gib: number;
  readonly perMonth: Span;
  readonly memory: MemoryBill;
}

export interface MemoryBill {
  /** Undefined: its proxies were not measured. */
  readonly bytesPerPod: number | undefined;
  readonly bytesPerNode: number;
  readonly bytesPerCluster: number;
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
    const gib = gibOf(memory, inputs);
    const perMonth = (each: number) => (each * inputs.perCoreHour + gib * inputs.perGibHour) * HOURS_PER_MONTH;
    return [
      {
        arm: cell.arm,
        against: cell.baseline,
        tier: cell.tier,
        cores,
        gib,
        perMonth: { estimate: perMonth(cores.estimate), low: perMonth(cores.low), high: perMonth(cores.high) },
        memory,
      },
    ];
  });
}

function memoryBill(cell: Cell): MemoryBill {
  const valueOf = (id: string) => cell.metrics.find(({ metric }) => metric.id === id)?.value?.estimate;
  const each = (components: readonly string[]) => components.flatMap((component) => valueOf(`memoryOfOne.${component}`) ?? []);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const pods = each(PAID.pod);
  const hasProxies = PAID.pod.some((component) => valueOf(`cpu.${component}`) !== undefined);
  return {
    // Either side has a sidecar: a pod pays for one.
    bytesPerPod: pods.length === 0 ? (hasProxies ? undefined : 0) : sum(pods) / pods.length,
    bytesPerNode: sum(each(PAID.node)),
    bytesPerCluster: sum(PAID.cluster.flatMap((component) => valueOf(`memory.${component}`) ?? [])),
  };
}

function gibOf({ bytesPerPod = 0, bytesPerNode, bytesPerCluster }: MemoryBill, { nodes, podsPerNode }: CostInputs): number {
  return (bytesPerPod * podsPerNode * nodes + bytesPerNode * nodes + bytesPerCluster) / GIB;
}

/** From how many pods a node on a datapath paid by the node is cheaper than one paid by the pod, of one tier, at the same rate. */
export function breakEvens(costs: readonly DatapathCost[], inputs: CostInputs): BreakEven[] {
  const perPod = costs.filter(({ memory }) => (memory.bytesPerPod ?? 0) > 0);
  const perNode = costs.filter(({ memory }) => memory.bytesPerPod === 0);
  return perPod.flatMap((pod) =>
    perNode
      .filter(({ tier }) => tier === pod.tier)
      .flatMap((node): BreakEven[] => {
        const ofOnePod = ((pod.memory.bytesPerPod ?? 0) / GIB) * inputs.nodes * inputs.perGibHour;
        if (ofOnePod === 0) return [];
        const fixed = ({ memory }: DatapathCost, cores: number) =>
          cores * inputs.perCoreHour + ((memory.bytesPerNode * inputs.nodes + memory.bytesPerCluster) / GIB) * inputs.perGibHour;
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
