/** The trials of an experiment in their planned order, drawn again from its file: what a run that was killed must come to. */
import { planExperiment } from '../../src/cli/planning.ts';
import type { TrialRecord } from '../../src/model/records.ts';
import type { PlannedStep } from '../../src/plan/plan.ts';
import { planningApp } from '../planning.ts';

/** `experiment` names its seed. */
function stepsOf(experiment: string): PlannedStep[] {
  return planExperiment(planningApp(), experiment, 'e.yaml', {}).plan.blocks.flatMap(({ steps }) => steps);
}

/**
 * What of the order is not as planned. Of a duet whose one half was stored when the run was killed the other half is missing for good;
 * nothing else may be.
 */
export function notAsPlanned(experiment: string, trials: readonly TrialRecord[]): string[] {
  const counted = new Map(trials.filter(({ superseded }) => !superseded).map((trial) => [trial.id, trial]));
  const steps = stepsOf(experiment);
  const planned = new Set(steps.flatMap((step) => step.trials.map(({ id }) => id)));
  const strange = [...counted.keys()].filter((id) => !planned.has(id)).map((id) => `${id} is not in the plan`);
  const missing = steps.flatMap((step) => {
    const there = step.trials.flatMap(({ id }) => counted.get(id) ?? []);
    const isHalf = there.length > 0 && there.every(({ design }) => design !== 'block');
    return isHalf ? [] : step.trials.filter(({ id }) => !counted.has(id)).map(({ id }) => `${id} was never measured`);
  });
  const inOrder = steps.flatMap((step) => step.trials.flatMap(({ id }) => counted.get(id)?.startedAt ?? []));
  const isInOrder = inOrder.every((at, index) => index === 0 || at >= (inOrder[index - 1] ?? ''));
  return [...strange, ...missing, ...(isInOrder ? [] : ['the order is not the planned one'])];
}
