/** From a file to a plan that can be stored, checked and run again: the same text and seed give the same plan. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { MeshtaxError } from '../model/errors.ts';
import { jsonOrUndefined } from '../model/json.ts';
import type { Experiment } from '../model/experiment.ts';
import { formatDuration, parseDurationNs } from '../model/units.ts';
import { makePlan, trialsOf, type Plan } from '../plan/plan.ts';
import { MOST_TRIALS } from '../store/read.ts';
import type { App } from './app.ts';
import { clusterNamed, moveTo } from './cluster-name.ts';
import { parseExperiment } from './experiment-file.ts';
import { readYamlText } from './yaml-file.ts';

const overridesSchema = z.object({
  cluster: z.string().optional(),
  blocks: z.number().int().min(1).max(5000).optional(),
  budgetNs: z
    .number()
    .min(0)
    .max(365 * 86_400e9)
    .optional(),
});

export const planFileSchema = z.object({
  meshtaxPlan: z.literal(1),
  specText: z.string(),
  overrides: overridesSchema,
  seed: z.string(),
  planHash: z.string(),
  trials: z.array(z.string()),
});
/** It lists its trials. */
const LARGEST_PLAN_BYTES = 64 * 2 ** 20;

export type PlanFile = z.infer<typeof planFileSchema>;

export interface PlannedExperiment {
  readonly plan: Plan;
  readonly file: PlanFile;
}

export interface PlanOptions {
  readonly cluster?: string | undefined;
  readonly budget?: string | undefined;
  readonly seed?: string | undefined;
}

/** An experiment (YAML) or a plan made by `meshtax plan --out`. @throws MeshtaxError MT1001-MT1007, MT3010. */
export async function planFromFile(app: App, file: string, options: PlanOptions): Promise<PlannedExperiment> {
  const isPlan = file.endsWith('.json');
  const text = await readYamlText(app, file, isPlan ? LARGEST_PLAN_BYTES : undefined);
  if (!isPlan) return planExperiment(app, text, file, options);
  refuseOptions('a plan', options);
  const stored = planFileSchema.safeParse(jsonOrUndefined(text));
  if (!stored.success) throw new MeshtaxError('MT3010', { problem: `${file} is not a plan` });
  return replan(app, stored.data, file);
}

/** What is drawn and chosen already cannot be asked for otherwise. @throws MeshtaxError MT1005. */
export function refuseOptions(subject: string, options: PlanOptions): void {
  for (const name of ['cluster', 'budget', 'seed'] as const)
    if (options[name] !== undefined)
      throw new MeshtaxError('MT1005', { subject: `--${name}`, problem: `${subject} is carried out as it was made`, command: 'run' });
}

/** The plan of a stored file again. @throws MeshtaxError MT3010 when this version makes another one of it. */
export function replan(app: App, stored: PlanFile, file: string): PlannedExperiment {
  const again = assemble(app, stored.specText, file, stored.overrides, stored.seed);
  if (again.file.planHash !== stored.planHash) throw new MeshtaxError('MT3010', { problem: 'its hash differs' });
  return again;
}

export function planExperiment(app: App, text: string, file: string, options: PlanOptions): PlannedExperiment {
  const cluster = options.cluster === undefined ? {} : { cluster: options.cluster };
  const seed = options.seed ?? parseExperiment(app.families, text, file).statistics.seed ?? app.system.randomId(8);
  if (options.budget === undefined) return assemble(app, text, file, cluster, seed);
  const budgetNs = parseBudget(options.budget);
  const full = drawn(app, text, file, cluster, seed);
  const { stop, measureAll } = full.experiment.statistics;
  const limit = stop === 'fixed' || measureAll ? { blocks: blocksWithin(full, budgetNs, options.budget) } : { budgetNs };
  return assemble(app, text, file, { ...cluster, ...limit }, seed);
}

function assemble(app: App, text: string, file: string, overrides: PlanFile['overrides'], seed: string): PlannedExperiment {
  const plan = readable(drawn(app, text, file, overrides, seed));
  const planHash = createHash('sha256')
    .update(JSON.stringify({ experiment: plan.experiment, seed, blocks: plan.blocks }))
    .digest('hex');
  const trials = trialsOf(plan.blocks).map((trial) => `${trial.id} ${trial.workload} ${trial.load}`);
  return { plan, file: { meshtaxPlan: 1, specText: text, overrides, seed, planHash, trials } };
}

function drawn(app: App, text: string, file: string, overrides: PlanFile['overrides'], seed: string): Plan {
  const experiment = override(app, parseExperiment(app.families, text, file), overrides);
  requireSupport(app, experiment);
  return makePlan(experiment, app.families, seed);
}

/** No more blocks than can be read again as one run; without a verdict it ends there. */
function readable(plan: Plan): Plan {
  const each = Math.max(1, trialsOf(plan.blocks.slice(0, 1)).length);
  const { stop, measureAll } = plan.experiment.statistics;
  const most = Math.floor(MOST_TRIALS / each);
  if (plan.blocks.length <= most) return plan;
  if (stop === 'fixed' || measureAll)
    throw new MeshtaxError('MT1001', {
      problem: `statistics.blocks: ${plan.blocks.length} blocks of ${each} trials are more than the ${MOST_TRIALS} that can be read as one run: at most ${most}`,
    });
  return { ...plan, blocks: plan.blocks.slice(0, most), estimateNs: (plan.estimateNs * most) / plan.blocks.length };
}

function override(app: App, experiment: Experiment, overrides: PlanFile['overrides']): Experiment {
  const { blocks = experiment.statistics.blocks, budgetNs = experiment.statistics.budgetNs } = overrides;
  const statistics = { ...experiment.statistics, blocks, budgetNs };
  const cluster =
    overrides.cluster === undefined ? experiment.cluster : moveTo(clusterNamed(app, overrides.cluster, 'run'), experiment.cluster);
  const where = app.families.clusters.find(({ id }) => id === cluster.id);
  const noLadder = where?.readsCpuAtAnyMoment?.(cluster) === false;
  const apart = where?.drivesTogether === false ? { design: 'block' as const } : {};
  return { ...experiment, statistics: { ...statistics, ...apart, ...(noLadder ? { cpu: false as const } : {}) }, cluster };
}

function requireSupport(app: App, experiment: Experiment): void {
  const { id } = experiment.cluster;
  for (const selected of experiment.datapaths) {
    const datapath = app.families.datapaths.find((candidate) => candidate.id === selected.id);
    const places = { lab: datapath?.lab, kubernetes: datapath?.kubernetes };
    const missing = (id === 'lab' && !places.lab) || ((id === 'kubernetes' || id === 'kind') && !places.kubernetes);
    const available = Object.entries(places).flatMap(([place, how]) => (how ? [place] : []));
    if (missing)
      throw new MeshtaxError('MT1007', { datapath: selected.id, cluster: id, available: [...available, 'simulated'].join(', ') });
  }
}

function parseBudget(budget: string): number {
  const budgetNs = parseDurationNs(budget);
  if (budgetNs !== undefined) return budgetNs;
  throw new MeshtaxError('MT1005', { subject: `--budget ${budget}`, problem: 'expected a duration, for instance 10m', command: 'run' });
}

/** As many blocks as fit, by the plan's own estimate. */
function blocksWithin(plan: Plan, budgetNs: number, budget: string): number {
  const blocks = Math.floor((plan.blocks.length * budgetNs) / plan.estimateNs);
  if (blocks < 2) {
    throw new MeshtaxError('MT1005', {
      subject: `--budget ${budget}`,
      problem: `two blocks take about ${formatDuration((plan.estimateNs / plan.blocks.length) * 2)}`,
      command: 'run',
    });
  }
  return Math.min(blocks, plan.blocks.length);
}
