/** One contract for the three moments of checking: before a run, before a block, after a trial. */
import type { Reading } from './collector.ts';
import type { PathExpectation } from './deployment.ts';
import type { Features } from '../features.ts';
import type { Finding } from '../findings.ts';
import type { System } from '../ports.ts';
import type { TrialRecord } from '../records.ts';

export interface DoctorCheck {
  readonly stage: 'doctor';
  readonly code: string;
  readonly title: string;
  /** `error`: no run is possible; `warning`: possible, but something will spoil it. */
  run(system: System): Promise<Omit<Finding, 'code' | 'title'>>;
}

/** Counters of one arm around a known number of requests. */
export interface PathEvidence {
  readonly arm: string;
  readonly requests: number;
  readonly connections: number;
  /** Requests without a good answer; those that a closed loop leaves unanswered at its end are none. */
  readonly errors: number;
  /** Change of every counter of this arm over those requests. */
  readonly moved: Readonly<Record<string, number>>;
  readonly expectations: readonly PathExpectation[];
  /** What was observed of them as flows, or on the wire; nothing where nobody observes. */
  readonly flows: readonly Reading[];
  /** As the cluster reports it. */
  readonly encryption: Features['encryption'];
  /** How many proxies look into each request, as the cluster reports it. */
  readonly l7Passes: number;
  /** Change of the counters of the other arms, which no request should have touched. */
  readonly others: Readonly<Record<string, number>>;
}

/** Whether a counter shows what it must. `tolerance`: of requests, for a closed loop that ends with some unanswered. */
export function fulfils(
  { counter, equals }: PathExpectation,
  { moved, requests, connections }: Pick<PathEvidence, 'moved' | 'requests' | 'connections'>,
  tolerance = 0,
): boolean {
  const found = moved[counter] ?? Number.NaN;
  if (equals === 'at-least-requests') return found >= requests - tolerance;
  if (equals === 'requests') return Math.abs(found - requests) <= tolerance;
  return found === (equals === 'connections' ? connections : 0);
}

export interface VerifyCheck {
  readonly stage: 'verify';
  readonly code: string;
  readonly title: string;
  judge(evidence: PathEvidence): Omit<Finding, 'code' | 'title'>;
}

export interface ValidityCheck {
  readonly stage: 'validity';
  readonly code: string;
  readonly title: string;
  /** `error` makes the trial invalid: stored, but not averaged in. */
  judge(trial: TrialRecord): Omit<Finding, 'code' | 'title'>;
}

export type Check = DoctorCheck | VerifyCheck | ValidityCheck;
