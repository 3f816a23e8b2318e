/** Which questions of a run are still open: what a run that stops by itself asks after every block. */
import { questionOf, type RunRecord, type TrialRecord } from '../model/records.ts';
import { analyse, type CellMetric } from './analyse.ts';
import { PRIMARY } from './metrics.ts';

const NONE = { count: 0, hdr: '' };

/** What a verdict needs of a trial, without the words and the other histograms: a run that judges itself keeps this of each, for hours. */
export function essentialsOf(trial: TrialRecord): TrialRecord {
  const arms = trial.result.arms.map((arm) => ({
    ...arm,
    // Of a step of the ladder only the count of answers.
    response: trial.kind === 'cpu' ? NONE : arm.response,
    responseError: NONE,
    wait: NONE,
  }));
  return { ...trial, result: { ...trial.result, arms, lag: NONE, gapSampleNs: [] }, findings: [], distributions: [] };
}

/** Who has not even this has no valid trial of that kind, or too few. */
const FIGURES = [
  ['latency', 'latency.p50'],
  ['cpu', 'cpu.machine'],
] as const;

/** `questionOf` each comparison with a primary figure that has no verdict yet, also because its trials were invalid. */
export function openQuestions(trials: readonly TrialRecord[], run: RunRecord): Set<string> {
  const open = new Set<string>();
  const asked = new Set(trials.map(questionOf));
  const invalid = new Set(
    trials.filter(({ valid, superseded }) => !valid && !superseded).map((trial) => `${questionOf(trial)} ${trial.arm}`),
  );
  for (const comparison of analyse({ run, trials }, { thorough: false }).comparisons) {
    for (const cell of comparison.cells) {
      for (const [kind, id] of FIGURES) {
        const question = questionOf({ ...comparison, kind });
        if (invalid.has(`${question} ${cell.arm}`) && !cell.metrics.some(({ metric }) => metric.id === id)) open.add(question);
      }
      if (cell.baseline === undefined) continue;
      for (const id of PRIMARY) {
        const metric = cell.metrics.find((candidate) => candidate.metric.id === id);
        if (!metric || !isOpen(metric)) continue;
        const ladder = questionOf({ ...comparison, kind: 'cpu' });
        open.add(metric.metric.group === 'cpu' && asked.has(ladder) ? ladder : questionOf({ ...comparison, kind: 'latency' }));
      }
    }
  }
  return open;
}

/** What its samples can never carry, or must not be compared, is not open: more blocks would not help. */
function isOpen({ versus, missing }: CellMetric): boolean {
  if (versus?.refusal !== undefined) return false;
  if (versus) return versus.verdict === 'unresolved' || versus.verdict === 'cannot judge';
  return missing === undefined || !missing.startsWith('fewer than');
}
