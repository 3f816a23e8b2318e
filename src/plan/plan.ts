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
}

export interface PlannedBlock {
  readonly block: number;
  readonly deployment: number;
  readonly trials: readonly PlannedTrial[];
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
  readonly estimateNs: number;
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

/** One block: comparisons in random order, and within each all datapaths in random order. */
function planBlock(experiment: Experiment, comparisons: readonly Comparison[], seed: string, index: number): PlannedBlock {
  const random = seededRandom(`order/${seed}/${index}`);
  const deployment = Math.floor(index / experiment.statistics.blocksPerDeployment);
  const cells = shuffled(comparisons, random).flatMap((comparison) =>
    shuffled(experiment.datapaths, random).map((datapath) => ({
      arm: datapath.name,
      workload: comparison.workload,
      load: comparison.load.name,
    })),
  );
  const trials = cells.map((cell, position): PlannedTrial => ({
    id: trialId(index, position, cell.arm),
    block: index,
    deployment,
    position,
    ...cell,
  }));
  return { block: index, deployment, trials };
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

function estimate(experiment: Experiment, comparisons: readonly Comparison[]): number {
  const arms = experiment.datapaths.length;
  const { blocks, blocksPerDeployment } = experiment.statistics;
  const trialNs = comparisons.reduce((sum, { load }) => sum + load.warmupNs + load.durationNs + TRIAL_OVERHEAD_NS, 0);
  const deployments = Math.ceil(blocks / blocksPerDeployment);
  return START_NS + blocks * arms * trialNs + deployments * arms * (DEPLOY_NS + comparisons.length * PROVE_NS);
}
