/** A number that looks right and is not: a request was lost, failed or strayed, and the trial counts, or would but for a late clock. */
import type { TrialRecord } from '../../src/model/records.ts';
import { TIMING_CODES } from '../e2e/machine.ts';

/** Of all requests; more must have made the trial invalid. */
const TOLERATED_SHARE = 0.001;

/** Trials that are told from no good one, though not every request was answered on its path. A busy machine is no excuse. */
export function wronglyRight(trials: readonly TrialRecord[]): string[] {
  return trials
    .filter((trial) => looksRight(trial) && !isRight(trial))
    .map(({ id, valid }) => `${id} is ${valid ? 'valid' : 'invalid only for its timing'}, and not every request was answered on its path`);
}

function looksRight({ valid, findings }: TrialRecord): boolean {
  return valid || findings.filter(({ level }) => level === 'error').every(({ code }) => TIMING_CODES.includes(code));
}

function isRight({ path, result, requested }: TrialRecord): boolean {
  const few = result.intendedRequests * TOLERATED_SHARE;
  const isWhole = ({ ok, errors }: { ok: number; errors: number }) =>
    ok >= result.intendedRequests - few && ok + errors <= result.intendedRequests;
  return (
    path.exact && result.arms.every((arm) => arm.errors <= arm.sent * TOLERATED_SHARE && (requested.ratePerSecond === null || isWhole(arm)))
  );
}
