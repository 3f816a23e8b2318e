/** A plan in words, for `meshtax plan`. */
import { formatDuration } from '../model/units.ts';
import { trialsOf, type Plan } from './plan.ts';

export function explainPlan(plan: Plan, created: readonly string[]): string {
  const { experiment } = plan;
  const { blocksPerDeployment, minBlocks, stop, measureAll, budgetNs, design, cpu } = experiment.statistics;
  const isFixed = stop === 'fixed' || measureAll;
  const blocks = plan.blocks.length;
  const lines = [
    `experiment ${experiment.name} on ${experiment.cluster.id}, baseline ${experiment.baseline}`,
    '',
    'datapaths',
    ...experiment.datapaths.map((datapath) => `  ${datapath.name}${optionsOf(datapath.id, datapath.name, datapath.options)}`),
    'comparisons (all datapaths under each)',
    ...plan.comparisons.map(({ workload, load, generator }) => `  ${workload} x ${load.name}: ${generator.title}, ${loadInWords(load)}`),
    '',
    isFixed
      ? `${blocks} blocks (seed ${plan.seed})`
      : `${minBlocks} to ${blocks} blocks (seed ${plan.seed}): until every primary figure has its verdict, or ${formatDuration(budgetNs)} are over`,
    `a fresh deployment every ${blocksPerDeployment === 1 ? 'block' : `${blocksPerDeployment} blocks`}`,
    `latency: ${DESIGNS[design]}`,
    cpu === false
      ? 'CPU per request: at the rate of the load only'
      : `CPU per request: each datapath alone at ${cpu.shares.map((share) => `${Math.round(share * 100)} %`).join(', ')} of the lowest capacity, ${formatDuration(cpu.windowNs)} each`,
    ...plan.blocks.slice(0, 2).map((block) => `  block ${block.block}: ${block.steps.map((step) => stepInWords(step)).join('; ')}`),
    ...(plan.blocks.length > 2 ? [`  ... and ${plan.blocks.length - 2} more`] : []),
    '',
    'will be created during the run and removed after it',
    ...created.map((line) => `  ${line}`),
    '',
    `at most ${trialsOf(plan.blocks).length} trials, about ${formatDuration(isFixed ? plan.estimateNs : Math.min(plan.estimateNs, budgetNs))}`,
  ];
  return `${lines.join('\n')}\n`;
}

const DESIGNS = {
  auto: 'all datapaths at once, each request drawn to one of them; in short random turns where that would use more than 20 % of the CPUs',
  duet: 'all datapaths at once, each request drawn to one of them',
  slice: 'in short turns, in random order',
  block: 'one datapath after the other, in random order',
} as const;

function stepInWords(step: Plan['blocks'][number]['steps'][number]): string {
  const arms = [...new Set(step.trials.map((trial) => trial.arm))];
  return `${step.workload} ${step.kind === 'cpu' ? `ladder of ${step.trials.length} steps` : `latency of ${arms.join(', ')}`}`;
}

function optionsOf(id: string, name: string, options: unknown): string {
  const shown = Object.entries((options ?? {}) as Record<string, unknown>).map(([key, value]) => `${key}=${String(value)}`);
  const parts = [...(id === name ? [] : [id]), ...shown];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function loadInWords(load: Plan['comparisons'][number]['load']): string {
  const window = `${formatDuration(load.durationNs)} after ${formatDuration(load.warmupNs)} of warm-up, ${load.connections} connections`;
  return load.loop === 'open' ? `${load.ratePerSecond}/s ${load.arrivals}, ${window}` : `closed loop, ${window}`;
}
