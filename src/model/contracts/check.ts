/** One contract for the three moments of checking: before a run, before a block, after a trial. */
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
  /** Change of every counter of this arm over those requests. */
  readonly moved: Readonly<Record<string, number>>;
  readonly expectations: readonly {
    readonly counter: string;
    readonly equals: 'requests' | 'connections' | 'zero';
    readonly meaning: string;
  }[];
  /** Change of the counters of the other arms, which no request should have touched. */
  readonly others: Readonly<Record<string, number>>;
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
