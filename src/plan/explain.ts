/** A plan in words, for `meshtax plan`. */
import { formatDuration } from '../model/units.ts';
import type { Plan } from './plan.ts';

export function explainPlan(plan: Plan, created: readonly string[]): string {
  const { experiment } = plan;
  const { blocks, blocksPerDeployment } = experiment.statistics;
  const lines = [
    `experiment ${experiment.name} on ${experiment.cluster.id}, baseline ${experiment.baseline}`,
    '',
    'datapaths',
    ...experiment.datapaths.map((datapath) => `  ${datapath.name}${optionsOf(datapath.id, datapath.name, datapath.options)}`),
    'comparisons (all datapaths under each)',
    ...plan.comparisons.map(({ workload, load, generator }) => `  ${workload} x ${load.name}: ${generator.title}, ${loadInWords(load)}`),
    '',
    `${blocks} blocks in random order (seed ${plan.seed}), a fresh deployment every ${blocksPerDeployment === 1 ? 'block' : `${blocksPerDeployment} blocks`}:`,
    ...plan.blocks
      .slice(0, 3)
      .map((block) => `  block ${block.block}: ${block.trials.map((trial) => `${trial.arm}/${trial.workload}`).join(', ')}`),
    ...(plan.blocks.length > 3 ? [`  ... and ${plan.blocks.length - 3} more`] : []),
    '',
    'will be created during the run and removed after it',
    ...created.map((line) => `  ${line}`),
    '',
    `${plan.blocks.reduce((sum, block) => sum + block.trials.length, 0)} trials, about ${formatDuration(plan.estimateNs)}`,
  ];
  return `${lines.join('\n')}\n`;
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
