/**
 * One run from plan to sealed directory:
 *
 *   open the cluster -> per deployment: deploy, connect, prove the path -> per trial: warm up, measure, record
 *   -> undo -> seal
 *
 * Whatever ends it, what was measured stays and what was made is undone.
 */
import type { Check } from '../model/contracts/check.ts';
import type { Cluster, ClusterSession } from '../model/contracts/cluster.ts';
import type { Collector } from '../model/contracts/collector.ts';
import type { Datapath } from '../model/contracts/datapath.ts';
import { MeshtaxError, reasonOf } from '../model/errors.ts';
import type { EventSink } from '../model/events.ts';
import type { Finding } from '../model/findings.ts';
import type { System } from '../model/ports.ts';
import type { RunRecord, TrialRecord } from '../model/records.ts';
import { trialsOf, type Plan } from '../plan/plan.ts';
import type { RunDirectory } from '../store/run-directory.ts';
import { runCampaign } from './campaign.ts';
import { Interrupted } from './interruption.ts';
import { RunState, type Assessment } from './state.ts';
import { UndoStack } from './undo-stack.ts';

const UNDO_BUDGET_MS = 30_000;

export interface RunRequest {
  readonly system: System;
  readonly plan: Plan;
  readonly cluster: Cluster;
  readonly datapaths: readonly Datapath[];
  readonly collectors: readonly Collector[];
  readonly checks: readonly Check[];
  readonly directory: RunDirectory;
  /** The record as it stands: fresh, or of the run that is resumed. */
  readonly record: RunRecord;
  /** Told of every trial that was stored, and in whose place, for who watches a run while it goes on. */
  readonly noted?: ((trial: TrialRecord, run: RunRecord, insteadOf?: string) => void) | undefined;
  /** The cluster is open: its page of cAdvisor figures, where there is one. */
  readonly opened?: ((session: ClusterSession) => void) | undefined;
  /** Trials already on disk, and the ids of those that need not be measured again. */
  readonly trials: readonly TrialRecord[];
  readonly done: ReadonlySet<string>;
  readonly assessment: Assessment;
  /** What the host with these facts showed of itself, and what that lets this run see. */
  knownOfHost(facts: RunRecord['facts']): Promise<{ readonly calibration: RunRecord['calibration']; readonly expectation: Finding }>;
  /** When resuming: the machine it was begun on, which must still be this one unless drift is accepted. */
  readonly resumed: { readonly facts: RunRecord['facts']; readonly acceptDrift: boolean } | undefined;
  readonly shortId: string;
  readonly allowConcurrent: boolean;
  readonly confirmed: boolean;
  /** Leave the last deployment standing until the run is interrupted. */
  readonly keep: boolean;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
}

export interface RunOutcome {
  readonly record: RunRecord;
  readonly trials: number;
  readonly invalid: number;
}

/** @throws MeshtaxError when a preflight, a deployment or a proof fails, MT3005 when interrupted. */
export async function executeRun(request: RunRequest): Promise<RunOutcome> {
  const { directory, system, emit } = request;
  const undo = new UndoStack(system.clock);
  const { stop, measureAll } = request.plan.experiment.statistics;
  const assessment = stop === 'when-resolved' && !measureAll ? request.assessment : undefined;
  const state = new RunState(request.record, request.trials, blocksDone(request), trialsOf(request.plan.blocks).length, assessment);
  try {
    await measure(request, state, undo);
    state.update({ status: 'complete', stopped: state.stopped ?? 'all blocks were measured' });
    if (request.keep) await keepUntilInterrupted(request);
  } catch (error) {
    state.update({ status: error instanceof Interrupted ? 'interrupted' : 'failed', failure: reasonOf(error) });
    throw error instanceof Interrupted
      ? new MeshtaxError('MT3005', { trials: state.measured, directory: directory.path, run: request.record.id })
      : error;
  } finally {
    emit({ kind: 'undoing' });
    for (const failure of await undo.unwind(UNDO_BUDGET_MS)) emit({ kind: 'undo-failed', ...failure });
    // A run that could not even be opened again may be going on elsewhere: its record is not ours to write.
    if (state.opened || !request.resumed) await (state.record.status === 'complete' ? finish : finishIfPossible)(request, state);
    emit({ kind: 'ended', status: state.record.status });
  }
  return { record: state.record, trials: state.measured, invalid: state.invalid };
}

/** The last that was begun before an interruption may be there in part. */
function blocksDone({ plan, trials, done }: RunRequest): number[] {
  const begun = new Set(trials.map(({ block }) => block));
  const last = Math.max(...begun);
  const isWhole = (number: number) => trialsOf(plan.blocks.filter(({ block }) => block === number)).every(({ id }) => done.has(id));
  return [...begun].filter((block) => block !== last || isWhole(block));
}

async function measure(request: RunRequest, state: RunState, undo: UndoStack): Promise<void> {
  const { plan, cluster, system, directory } = request;
  const session = await cluster.open(
    plan.experiment.cluster,
    system,
    {
      runId: request.shortId,
      logDirectory: directory.logs,
      allowConcurrent: request.allowConcurrent,
      intent: { experiment: plan.experiment, datapaths: request.datapaths, confirmed: request.confirmed },
    },
    undo.push,
  );
  const drift = driftOf(request, session.facts);
  const { calibration, expectation } = await request.knownOfHost(session.facts);
  state.opened = true;
  request.opened?.(session);
  state.update({
    facts: { ...session.facts, ...request.resumed?.facts },
    findings: [...state.record.findings, ...session.findings, ...drift, expectation],
    calibration,
  });
  await directory.writeRun(state.record);
  for (const finding of [...session.findings, expectation]) request.emit({ kind: 'finding', finding });

  await runCampaign(request, session, state, undo);
}

/** What a resumed run finds changed. @throws MeshtaxError MT3010 unless drift is accepted. */
function driftOf({ resumed }: RunRequest, found: ClusterSession['facts']): Finding[] {
  const changed = Object.entries(resumed?.facts ?? {}).filter(([fact, value]) => found[fact] !== value);
  if (changed.length === 0) return [];
  const words = changed.map(([fact, value]) => `${fact} was ${String(value)}, is ${String(found[fact])}`).join('; ');
  if (resumed?.acceptDrift !== true) throw new MeshtaxError('MT3010', { problem: `${words} (--accept-drift goes on all the same)` });
  const why = 'blocks before and after the gap were measured under different conditions';
  return [
    { code: 'MT3010', level: 'warning', title: 'the machine changed during the run', detail: words, why, fix: 'measure again in one go' },
  ];
}

const KEPT_A_WHILE_MS = 1000;

async function keepUntilInterrupted({ emit, signal, system }: RunRequest): Promise<void> {
  const detail = 'Ctrl-C removes it; in the lab `ip netns` shows it, on a cluster the label meshtax/run';
  emit({ kind: 'finding', finding: { code: 'MT0001', level: 'info', title: 'the last deployment is kept', detail, why: '', fix: '' } });
  const interrupted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  // A signal that may come keeps no process: the clock does.
  while (!signal.aborted) await Promise.race([interrupted, system.clock.sleep(KEPT_A_WHILE_MS)]);
}

/** What ended a run is the reason that is told, not that it could not be written down too. */
async function finishIfPossible(request: RunRequest, state: RunState): Promise<void> {
  try {
    await finish(request, state);
  } catch (error) {
    const [code, detail] = [error instanceof MeshtaxError ? error.code : 'MT4002', reasonOf(error)];
    const why = 'the record says that the run goes on, and not why it ended';
    request.emit({ kind: 'finding', finding: { code, level: 'warning', title: 'the record of this run', detail, why, fix: '' } });
  }
}

async function finish(request: RunRequest, state: RunState): Promise<void> {
  state.update({ endedAt: request.system.clock.wallTime().toISOString() });
  if (state.record.status !== 'complete') return request.directory.writeRun(state.record);
  if (state.invalid === 0) await request.directory.dropLogs();
  await request.directory.seal(state.record);
}
