/** When going on would only collect invalid trials. */
import { MeshtaxError } from '../model/errors.ts';
import { failuresIn } from '../model/failures.ts';
import type { TrialRecord } from '../model/records.ts';
import type { DeployedBlock } from './deployment.ts';
import { inWords, type UndoFailure } from './undo-stack.ts';

/** A busy machine may lose so many requests without a server that is at fault. */
const LOST_SHARE = 0.01;

/** A datapath whose proxy died will not recover. `ended`: what of it ended, and how. @throws MeshtaxError MT3006. */
export function refuseDead(arm: string, ended: readonly string[], deployed: DeployedBlock): void {
  const [problem] = ended;
  if (problem === undefined) return;
  const component = problem.split(' ')[0] ?? 'a component';
  throw new MeshtaxError('MT3006', { component, arm, problem, log: logOf(deployed, arm) });
}

/**
 * When even the best trial of a block is far from the requested rate, or got hardly an answer, the next ones will not be better.
 *
 * @throws MeshtaxError MT3003 when the machine is too slow, MT3013 when good answers do not come.
 */
export function refuseHopelessBlock(records: readonly TrialRecord[], deployed: DeployedBlock): void {
  const open = records.filter((record) => record.requested.ratePerSecond !== null && record.kind === 'latency');
  if (open.length === 0 || open.some((record) => record.valid || !isHopeless(record))) return;
  const { arm, requested, result } = open.reduce((a, b) => (sentShare(a) > sentShare(b) ? a : b));
  const rates = { arm, requested: requested.ratePerSecond ?? 0, achieved: Math.round(result.achievedRatePerSecond) };
  const { sent, failed, lostShare, kinds } = failuresIn(result);
  if (lostShare <= LOST_SHARE) throw new MeshtaxError('MT3003', rates);
  throw new MeshtaxError('MT3013', { ...rates, sent, failed, problem: kinds, log: logOf(deployed, arm) });
}

/** What is left of a deployment would be measured beside the next one. @throws MeshtaxError MT3014. */
export function refuseLeftovers(failures: readonly UndoFailure[], deployment: number): void {
  if (failures.length === 0) return;
  throw new MeshtaxError('MT3014', { deployment, problem: inWords(failures) });
}

function isHopeless(record: TrialRecord): boolean {
  const { sent, failed } = failuresIn(record.result);
  return isTooSlow(record) || failed > sent / 2;
}

/** A sample of few arrivals is slower or faster than its rate by chance: what that explains, the check of the rate allows. */
function isTooSlow(record: TrialRecord): boolean {
  return sentShare(record) <= 0.9 && record.findings.some(({ code, level }) => code === 'MT0301' && level === 'error');
}

function sentShare({ result, requested }: TrialRecord): number {
  return result.achievedRatePerSecond / (requested.ratePerSecond ?? 1);
}

function logOf({ deployments }: DeployedBlock, arm: string): string {
  return deployments.find((deployment) => deployment.arm === arm)?.logDirectory ?? '';
}
