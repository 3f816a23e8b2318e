/** May masked figures decide? Only if masking took the same share from every arm, and little. */
import type { TrialRecord } from '../model/records.ts';
import { normalCdf } from './statistics/normal.ts';

const MOST_DROPPED = 0.03;
/** Two-sided p of equal shares below which masking is not trusted. */
const UNEQUAL_P = 0.01;

export interface MaskingVerdict {
  readonly used: boolean;
  readonly droppedShare: number;
  readonly reason: string;
}

/** Of one comparison; `arms` holds the valid latency trials of each arm. */
export function maskingVerdict(arms: readonly (readonly TrialRecord[])[]): MaskingVerdict {
  const all = arms.flat();
  if (all.length === 0 || all.some((trial) => trial.masked === null)) return { used: false, droppedShare: 0, reason: 'no stall meter ran' };
  const counts = arms.filter((trials) => trials.length > 0).map(countsOf);
  const dropped = counts.reduce((sum, each) => sum + each.dropped, 0);
  const answers = counts.reduce((sum, each) => sum + each.answers, 0);
  const droppedShare = answers === 0 ? 0 : dropped / answers;
  const no = (reason: string): MaskingVerdict => ({ used: false, droppedShare, reason });
  if (all.some((trial) => trial.host?.meter !== 'real-time')) return no('the stall meter had no real-time rights');
  if (droppedShare > MOST_DROPPED) return no(`it would drop ${percent(droppedShare)}, more than ${percent(MOST_DROPPED)}`);
  const [baseline, ...others] = counts;
  const least = Math.min(1, ...others.map((each) => (baseline ? equalSharesPValue(baseline, each) : 1)));
  // Each arm against the first: of several tests one is allowed to look odd.
  if (least * Math.max(1, others.length) < UNEQUAL_P) return no('it would drop unequal shares of the arms');
  return { used: true, droppedShare, reason: `${percent(droppedShare)} of the answers dropped, the same share of every arm` };
}

type Question = Pick<TrialRecord, 'workload' | 'load'>;

/** Whether the masked latencies of a window are the ones that count: those of comparisons whose mask is used. */
export function isMasked(comparisons: readonly (Question & { readonly masking: MaskingVerdict })[]): (window: Question) => boolean {
  const nameOf = ({ workload, load }: Question) => `${workload}\n${load}`;
  const used = new Set(comparisons.filter(({ masking }) => masking.used).map(nameOf));
  return (window) => used.has(nameOf(window));
}

interface Counts {
  readonly answers: number;
  readonly dropped: number;
}

function countsOf(trials: readonly TrialRecord[]): Counts {
  return trials.reduce(
    (sum, { result, masked }) => ({ answers: sum.answers + (result.arms[0]?.ok ?? 0), dropped: sum.dropped + (masked?.dropped ?? 0) }),
    { answers: 0, dropped: 0 },
  );
}

/** Two-proportion z test. */
function equalSharesPValue(a: Counts, b: Counts): number {
  const pooled = (a.dropped + b.dropped) / Math.max(1, a.answers + b.answers);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / Math.max(1, a.answers) + 1 / Math.max(1, b.answers)));
  if (error === 0) return 1;
  const z = Math.abs(a.dropped / a.answers - b.dropped / b.answers) / error;
  return 2 * (1 - normalCdf(z));
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
