/**
 * CPU per request from a rate ladder: per block and component the line of CPU used over the rate. Its slope is what a
 * request costs, its intercept what runs without any; cost over rate at one point would mix the two.
 */
import type { TrialRecord } from '../model/records.ts';
import { answersOf, cpuByComponent, SOAKED_COMPONENT } from './metrics.ts';
import { intervalOf, type Interval, type IntervalKind } from './statistics/interval.ts';
import { costLine } from './statistics/slope.ts';

export interface LadderBlock {
  readonly block: number;
  /** Component to CPU ns per request and CPU ns per second at rest. */
  readonly lines: ReadonlyMap<string, { readonly nsPerRequest: number; readonly idleNsPerSecond: number }>;
}

/** Fewer valid steps than this, and a block has no line. */
const FEWEST_STEPS = 3;

/** Of one arm. Blocks with too few valid steps are left out. */
export function ladderBlocks(trials: readonly TrialRecord[]): LadderBlock[] {
  const byBlock = Map.groupBy(trials, (trial) => trial.block);
  return [...byBlock].flatMap(([block, steps]) => {
    if (steps.length < FEWEST_STEPS) return [];
    const readings = steps.map((trial) => ({
      trial,
      cpu: machineFigures(trial),
      seconds: countedSeconds(trial),
    }));
    const components = new Set(readings.flatMap(({ cpu }) => [...cpu.keys()]));
    const lines = new Map<string, { nsPerRequest: number; idleNsPerSecond: number }>();
    for (const component of components) {
      const points = readings.flatMap(({ trial, cpu, seconds }) => {
        const used = cpu.get(component);
        return used === undefined ? [] : [[answersOf(trial) / seconds, used / seconds] as const];
      });
      const line = points.length < FEWEST_STEPS ? undefined : costLine(points);
      if (line) lines.set(component, { nsPerRequest: line.slope, idleNsPerSecond: line.intercept });
    }
    return [{ block, lines }];
  });
}

/** Of the time over which CPU was counted: it begins before the first request is due. */
function countedSeconds({ result, instrumentsNs }: TrialRecord): number {
  return (instrumentsNs ?? result.endNs - result.startNs + (result.leadNs ?? 0)) / 1e9;
}

/** Where the soaker ran, it is the machine's figure and /proc/stat, less the soaker itself, the cross-check. */
function machineFigures(trial: TrialRecord): Map<string, number> {
  const cpu = cpuByComponent(trial);
  const soaked = cpu.get(SOAKED_COMPONENT);
  if (soaked === undefined) return cpu;
  const result = new Map(cpu);
  result.delete(SOAKED_COMPONENT);
  const stat = cpu.get('machine');
  const own = trial.measures.find(({ metric }) => metric === 'soakerOwn')?.value ?? 0;
  if (stat !== undefined) result.set('machine-stat', stat - own);
  result.set('machine', soaked);
  return result;
}

/** CPU ns per second of each component without any request, over blocks. */
export function idleOf(
  ladder: readonly LadderBlock[],
  { confidence, kind }: { readonly confidence: number; readonly kind: IntervalKind },
): Record<string, Interval> {
  const components = new Set(ladder.flatMap(({ lines }) => [...lines.keys()]));
  return Object.fromEntries(
    [...components].flatMap((component) => {
      const values = ladder.flatMap(({ lines }) => lines.get(component)?.idleNsPerSecond ?? []);
      const interval = intervalOf(values, confidence, kind);
      return interval ? [[component, interval] as const] : [];
    }),
  );
}
