/** When a kill falls: after something that the run told, so that every phase of it is hit, and measuring most of all. */
import type { Random } from '../../src/model/random.ts';
import { within, type WatchedRun } from '../campaign/watched-run.ts';

export interface Aim {
  /** An event of the run; `starting` is before the first. */
  readonly event: 'starting' | 'started' | 'deploying' | 'verified' | 'trial-started' | 'trial-ended';
  /** The n-th of them. */
  readonly n: number;
  readonly delayMs: number;
}

interface Phase {
  /** Of 100 kills. */
  readonly weight: number;
  readonly event: Aim['event'];
  /** Which of these events, and how long after it at most. */
  readonly first: number;
  readonly last: number;
  readonly withinMs: number;
}

/** The last `trial-ended` is followed by undoing and sealing. */
const PHASES: readonly Phase[] = [
  { weight: 6, event: 'starting', first: 1, last: 1, withinMs: 700 },
  { weight: 8, event: 'started', first: 1, last: 1, withinMs: 1000 },
  { weight: 16, event: 'deploying', first: 1, last: 2, withinMs: 2000 },
  { weight: 8, event: 'verified', first: 1, last: 2, withinMs: 1500 },
  { weight: 32, event: 'trial-started', first: 1, last: 6, withinMs: 500 },
  { weight: 12, event: 'trial-ended', first: 1, last: 5, withinMs: 300 },
  { weight: 18, event: 'trial-ended', first: 6, last: 6, withinMs: 1500 },
];

export function aimOf(random: Random): Aim {
  let drawn = random.below(PHASES.reduce((sum, { weight }) => sum + weight, 0));
  const phase = PHASES.find(({ weight }) => (drawn -= weight) < 0) ?? PHASES[0];
  if (!phase) throw new Error('there are phases');
  const n = phase.first + random.below(phase.last - phase.first + 1);
  return { event: phase.event, n, delayMs: Math.round(random.uniform() * phase.withinMs) };
}

/** False when the run ended before, or nothing is told any more. */
export async function reachAim(run: WatchedRun, { event, n, delayMs }: Aim, patienceMs: number): Promise<boolean> {
  const told =
    event === 'starting' ||
    (await within(
      patienceMs,
      run.reached(event, n).then(() => true),
    ));
  if (told === undefined) return false;
  await within(delayMs, run.exit);
  return !run.isOver();
}
