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
  /** Over the baseline; an interval below zero saves. */
  readonly cores: Span;
  readonly gib: number;
  readonly perMonth: Span;
  readonly memory: MemoryBill;
}

export interface MemoryBill {
  readonly bytesPerPod: number;
  readonly bytesPerNode: number;
  readonly bytesPerCluster: number;
}

export interface BreakEven {
  readonly perPod: string;
  readonly perNode: string;
  /** Pods a node from which what is paid once a node is cheaper; undefined: never, or always. */
  readonly podsPerNode: number | undefined;
  readonly always: string | undefined;
}

/** Who pays: a sidecar once a pod; a node proxy and an agent once a node; a waypoint and a control plane once. */
const PAID = {
  pod: ['client-proxy', 'server-proxy'],
  node: ['node-proxy', 'agent'],
  cluster: ['waypoint', 'control-plane'],
} as const;

/** Of each datapath whose CPU slope stands against a baseline. */
export function costsOf({ cells }: ComparisonAnalysis, inputs: CostInputs): DatapathCost[] {
  return cells.flatMap((cell): DatapathCost[] => {
    const slope = cell.metrics.find(({ metric }) => metric.id === 'cpu.machine')?.versus?.difference;
    if (!slope || cell.baseline === undefined) return [];
    const coresOf = (nsPer1000: number) => (nsPer1000 / 1000 / 1e9) * inputs.requestsPerSecond;
    const cores = { estimate: coresOf(slope.estimate), low: coresOf(slope.low), high: coresOf(slope.high) };
    const memory = memoryBill(cell);
    const gib = gibOf(memory, inputs);
    const perMonth = (each: number) => (each * inputs.perCoreHour + gib * inputs.perGibHour) * HOURS_PER_MONTH;
    return [
      {
        arm: cell.arm,
        against: cell.baseline,
        cores,
        gib,
        perMonth: { estimate: perMonth(cores.estimate), low: perMonth(cores.low), high: perMonth(cores.high) },
        memory,
      },
    ];
  });
}

function memoryBill(cell: Cell): MemoryBill {
  const values = (components: readonly string[]) =>
    components.flatMap((component) => cell.metrics.find(({ metric }) => metric.id === `memory.${component}`)?.value?.estimate ?? []);
  const sum = (each: readonly number[]) => each.reduce((total, value) => total + value, 0);
  const pods = values(PAID.pod);
  return {
    // Either side has a sidecar: a pod pays for one.
    bytesPerPod: pods.length === 0 ? 0 : sum(pods) / pods.length,
    bytesPerNode: sum(values(PAID.node)),
    bytesPerCluster: sum(values(PAID.cluster)),
  };
}

function gibOf({ bytesPerPod, bytesPerNode, bytesPerCluster }: MemoryBill, { nodes, podsPerNode }: CostInputs): number {
  return (bytesPerPod * podsPerNode * nodes + bytesPerNode * nodes + bytesPerCluster) / GIB;
}

/** From how many pods a node on a datapath paid by the node is cheaper than one paid by the pod, at the same rate. */
export function breakEvens(costs: readonly DatapathCost[], inputs: CostInputs): BreakEven[] {
  const perPod = costs.filter(({ memory }) => memory.bytesPerPod > 0);
  const perNode = costs.filter(({ memory }) => memory.bytesPerPod === 0);
  return perPod.flatMap((pod) =>
    perNode.map((node): BreakEven => {
      const fixed = (cost: DatapathCost) =>
        cost.cores.estimate * inputs.perCoreHour +
        ((cost.memory.bytesPerNode * inputs.nodes + cost.memory.bytesPerCluster) / GIB) * inputs.perGibHour;
      const perPodDensity = (pod.memory.bytesPerPod / GIB) * inputs.nodes * inputs.perGibHour;
      const density = (fixed(node) - fixed(pod)) / perPodDensity;
      const names = { perPod: pod.arm, perNode: node.arm };
      return density <= 0 ? { ...names, podsPerNode: undefined, always: node.arm } : { ...names, podsPerNode: density, always: undefined };
    }),
  );
}
