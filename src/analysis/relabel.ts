/**
 * What a run of one datapath under two names says about the tool: how often it would have called them different, how
 * far the two differ from block to block, and how soon it called them equal. The same path from trial records to
 * verdicts that every run takes.
 */
import { sampleStandardDeviation } from 'simple-statistics';
import { seededRandom } from '../model/random.ts';
import type { StoredRun, TrialRecord } from '../model/records.ts';
import { analyse, type Cell, type CellMetric } from './analyse.ts';
import { PRIMARY } from './metrics.ts';
import { clopperPearson } from './statistics/beta.ts';
import type { Verdict } from './verdict.ts';

export interface FalsePositives {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/**
 * Relabels the two arms at random within each block, so often, and looks after every block as a run that stops by
 * itself does: a metric counts as a false positive when it was ever called different.
 */
export function falsePositives(stored: StoredRun, comparisons: number, seed: string): Record<string, FalsePositives> {
  const random = seededRandom(`relabel/${seed}`);
  const hits = new Map<string, number>();
  const seen = new Map<string, number>();
  for (let i = 0; i < comparisons; i++) {
    const swapped = new Set(blocksOf(stored).filter(() => random.below(2) === 1));
    const called = everCalled(relabelled(stored, swapped));
    for (const [metric, different] of called) {
      seen.set(metric, (seen.get(metric) ?? 0) + 1);
      if (different) hits.set(metric, (hits.get(metric) ?? 0) + 1);
    }
  }
  return Object.fromEntries(
    [...seen].map(([metric, n]) => {
      const count = hits.get(metric) ?? 0;
      return [metric, { rate: count / n, n, ...clopperPearson(count, n, 0.95) }];
    }),
  );
}

function relabelled({ run, trials }: StoredRun, swapped: ReadonlySet<number>): StoredRun {
  const other = new Map([
    [run.arms[0]?.name ?? '', run.arms[1]?.name ?? ''],
    [run.arms[1]?.name ?? '', run.arms[0]?.name ?? ''],
  ]);
  return { run, trials: trials.map((trial) => (swapped.has(trial.block) ? { ...trial, arm: other.get(trial.arm) ?? trial.arm } : trial)) };
}

function everCalled(stored: StoredRun): Map<string, boolean> {
  const called = new Map<string, boolean>();
  for (const look of looks(stored)) {
    for (const metric of primaryOf(secondArm(look.stored))) {
      if (!metric.versus) continue;
      const different = metric.versus.verdict === 'higher' || metric.versus.verdict === 'lower';
      called.set(metric.metric.id, called.get(metric.metric.id) === true || different);
    }
  }
  return called;
}

export interface FirstVerdict {
  /** Blocks until then; undefined when it never came. */
  readonly blocks: number | undefined;
  /** At the end of the run. */
  readonly final: CellMetric | undefined;
}

/** After how many blocks an arm was first called one of these, in the order in which the blocks were measured. */
export function firstVerdict(stored: StoredRun, arm: string, metric: string, wanted: readonly Verdict[]): FirstVerdict {
  const find = (each: StoredRun) => cellOf(each, arm)?.metrics.find((candidate) => candidate.metric.id === metric);
  const final = find(stored);
  for (const { blocks, stored: look } of looks(stored)) {
    const verdict = find(look)?.versus?.verdict;
    if (verdict !== undefined && wanted.includes(verdict)) return { blocks, final };
  }
  return { blocks: undefined, final };
}

/** Standard deviation over blocks of the log ratio of an arm to the baseline. */
export function pairSpread(
  stored: StoredRun,
  arm: string,
  metric: string,
): { readonly masked: number; readonly raw: number | null; readonly blocks: number } | undefined {
  const spreadOf = (each: StoredRun) => {
    const [own, base] = [arm, each.run.baseline].map((name) =>
      cellOf(each, name)?.metrics.find((candidate) => candidate.metric.id === metric),
    );
    const theirs = new Map(base?.blocks);
    const logs = (own?.blocks ?? []).flatMap(([block, value]) => {
      const other = theirs.get(block);
      return other !== undefined && other > 0 && value > 0 ? [Math.log(value / other)] : [];
    });
    return logs.length < 2 ? undefined : { spread: sampleStandardDeviation(logs), blocks: logs.length };
  };
  const unmasked = { run: stored.run, trials: stored.trials.map((trial): TrialRecord => ({ ...trial, masked: null })) };
  const [masked, raw] = [spreadOf(stored), spreadOf(unmasked)];
  return masked && { masked: masked.spread, raw: raw?.spread ?? null, blocks: masked.blocks };
}

/** The run as it stood after each block, from the first that may stop it. */
function looks(stored: StoredRun): { readonly blocks: number; readonly stored: StoredRun }[] {
  const order = blocksOf(stored);
  return order.flatMap((_, index) => {
    const count = index + 1;
    if (count < 3) return [];
    const until = new Set(order.slice(0, count));
    return [{ blocks: count, stored: { run: stored.run, trials: stored.trials.filter((trial) => until.has(trial.block)) } }];
  });
}

function blocksOf({ trials }: StoredRun): number[] {
  return [...new Set(trials.map((trial) => trial.block))].sort((a, b) => a - b);
}

function cellOf(stored: StoredRun, arm: string): Cell | undefined {
  return analyse(stored, { thorough: false }).comparisons[0]?.cells.find((cell) => cell.arm === arm);
}

function secondArm(stored: StoredRun): Cell | undefined {
  return analyse(stored, { thorough: false }).comparisons[0]?.cells.find((cell) => cell.arm !== stored.run.baseline);
}

function primaryOf(cell: Cell | undefined): CellMetric[] {
  return (cell?.metrics ?? []).filter((metric) => metric.versus && PRIMARY.some((id) => id === metric.metric.id));
}
