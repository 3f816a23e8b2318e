/** The plan: every step of a run as data, in the order in which it will happen. Pure; printed before anything is touched. */
import { MeshtaxError } from '../model/errors.ts';
import type { Experiment, Load } from '../model/experiment.ts';
import type { Generator } from '../model/contracts/generator.ts';
import type { ServerSpec, Workload } from '../model/contracts/workload.ts';
import { seededRandom, shuffled } from '../model/random.ts';

export interface PlannedTrial {
  readonly id: string;
  readonly block: number;
  readonly deployment: number;
  readonly position: number;
  readonly arm: string;
  readonly workload: string;
  readonly load: string;
  readonly kind: 'latency' | 'cpu';
  /** The step of the rate ladder, as a share of the lowest capacity; null for latency. */
  readonly share: number | null;
}

/** Trials of one comparison that belong together: all arms once, or all arms on all steps of the ladder. */
export interface PlannedStep {
  readonly workload: string;
  readonly load: string;
  readonly kind: 'latency' | 'cpu';
  readonly trials: readonly PlannedTrial[];
}

export interface PlannedBlock {
  readonly block: number;
  readonly deployment: number;
  readonly steps: readonly PlannedStep[];
}

/** All datapaths under one workload and one load: what is compared with each other. */
export interface Comparison {
  readonly workload: string;
  readonly load: Load;
  readonly generator: Generator;
  readonly server: ServerSpec;
}

export interface Plan {
  readonly experiment: Experiment;
  readonly seed: string;
  readonly comparisons: readonly Comparison[];
  readonly servers: readonly ServerSpec[];
  readonly blocks: readonly PlannedBlock[];
  /** Of all blocks; a run that may stop early can take less. */
  readonly estimateNs: number;
}

export function trialsOf(blocks: readonly PlannedBlock[]): PlannedTrial[] {
  return blocks.flatMap((block) => block.steps.flatMap((step) => step.trials));
}

export interface PlanFamilies {
  readonly generators: readonly Generator[];
  readonly workloads: readonly Workload[];
}

/** @throws MeshtaxError MT1004 when no generator drives a load. */
export function makePlan(experiment: Experiment, families: PlanFamilies, seed: string): Plan {
  const servers = experiment.workloads.map((selected, index) => workloadOf(families, selected.id).server(selected, index));
  const comparisons = servers.flatMap((server) =>
    experiment.loads.map((load): Comparison => ({
      workload: server.workload,
      load,
      generator: generatorFor(families.generators, load, server),
      server,
    })),
  );
  const blocks = Array.from({ length: experiment.statistics.blocks }, (_, index) => planBlock(experiment, comparisons, seed, index));
  return { experiment, seed, comparisons, servers, blocks, estimateNs: estimate(experiment, comparisons) };
}

/** One block: comparisons in random order; of each the latency of all arms, then the ladder of all arms, both shuffled. */
function planBlock(experiment: Experiment, comparisons: readonly Comparison[], seed: string, index: number): PlannedBlock {
  const random = seededRandom(`order/${seed}/${index}`);
  const deployment = Math.floor(index / experiment.statistics.blocksPerDeployment);
  const { cpu } = experiment.statistics;
  let position = 0;
  const steps = shuffled(comparisons, random).flatMap((comparison): PlannedStep[] => {
    const key = { workload: comparison.workload, load: comparison.load.name };
    const trial = (arm: string, kind: PlannedTrial['kind'], share: number | null): PlannedTrial => ({
      id: trialId(index, position, arm),
      block: index,
      deployment,
      position: position++,
      arm,
      ...key,
      kind,
      share,
    });
    const arms = experiment.datapaths.map(({ name }) => name);
    const latency = { ...key, kind: 'latency' as const, trials: shuffled(arms, random).map((arm) => trial(arm, 'latency', null)) };
    if (cpu === false || !hasLadder(comparison)) return [latency];
    const cells = shuffled(
      arms.flatMap((arm) => cpu.shares.map((share) => ({ arm, share }))),
      random,
    );
    return [latency, { ...key, kind: 'cpu', trials: cells.map(({ arm, share }) => trial(arm, 'cpu', share)) }];
  });
  return { block: index, deployment, steps };
}

/** A closed loop has no rate to climb. */
export function hasLadder({ load, generator }: Comparison): boolean {
  return load.loop === 'open' && generator.placement === 'shared';
}

function trialId(block: number, position: number, arm: string): string {
  return `${String(block).padStart(3, '0')}-${String(position).padStart(2, '0')}-${arm}`;
}

function generatorFor(generators: readonly Generator[], load: Load, server: ServerSpec): Generator {
  const found = generators.find(
    (candidate) => candidate.loop === load.loop && candidate.protocol === server.protocol && candidate.drives(load),
  );
  if (found) return found;
  const available = generators.map((generator) => `${generator.loop} loop over ${generator.protocol}`);
  throw new MeshtaxError('MT1004', { loop: load.loop, protocol: server.protocol, available: [...new Set(available)].join(', ') });
}

function workloadOf(families: PlanFamilies, id: string): Workload {
  const workload = families.workloads.find((candidate) => candidate.id === id);
  if (!workload) throw new Error(`no workload ${id}: the schema should have refused it`);
  return workload;
}

/** Measured overheads of the lab: per deployment of an arm, per proof of a path, per trial. */
const DEPLOY_NS = 0.6e9;
const PROVE_NS = 0.35e9;
const TRIAL_OVERHEAD_NS = 0.35e9;
const START_NS = 2e9;
const PILOT_GATE_NS = 1.5e9;
const PILOT_CAPACITY_NS = 6e9;

function estimate(experiment: Experiment, comparisons: readonly Comparison[]): number {
  const arms = experiment.datapaths.length;
  const { blocks, blocksPerDeployment, cpu, design } = experiment.statistics;
  const together = design === 'auto' || design === 'duet';
  const blockNs = comparisons.reduce((sum, comparison) => {
    const { load, generator } = comparison;
    const turns = together && generator.placement === 'shared' ? 1 : arms;
    const latencyNs = turns * (load.warmupNs + load.durationNs) + arms * TRIAL_OVERHEAD_NS;
    const ladder =
      cpu === false || !hasLadder(comparison) ? 0 : arms * cpu.shares.length * (cpu.warmupNs + cpu.windowNs + TRIAL_OVERHEAD_NS);
    return sum + latencyNs + ladder;
  }, 0);
  const deployments = Math.ceil(blocks / blocksPerDeployment);
  const pilotNs = comparisons.length * (cpu === false ? PILOT_GATE_NS : PILOT_GATE_NS + PILOT_CAPACITY_NS);
  return START_NS + pilotNs + blocks * blockNs + deployments * arms * (DEPLOY_NS + comparisons.length * PROVE_NS);
}
