/**
 * One run from plan to sealed directory:
 *
 *   open the cluster -> per deployment: deploy, connect, prove the path -> per trial: warm up, measure, record
 *   -> undo -> seal
 *
 * Whatever ends it, what was measured stays and what was made is undone.
 */
import type { Check, ValidityCheck, VerifyCheck } from '../model/contracts/check.ts';
import type { Cluster, ClusterSession } from '../model/contracts/cluster.ts';
import type { Collector } from '../model/contracts/collector.ts';
import type { Datapath } from '../model/contracts/datapath.ts';
import { MeshtaxError, reasonOf } from '../model/errors.ts';
import type { EventSink } from '../model/events.ts';
import type { Finding } from '../model/findings.ts';
import type { System } from '../model/ports.ts';
import type { RunRecord, TrialRecord } from '../model/records.ts';
import type { Plan, PlannedBlock } from '../plan/plan.ts';
import type { RunDirectory } from '../store/run-directory.ts';
import { channelName, Generators } from './channels.ts';
import { deployAll, type DeployedBlock } from './deployment.ts';
import { Interrupted, throwIfInterrupted } from './interruption.ts';
import { runTrial } from './trial.ts';
import { UndoStack } from './undo-stack.ts';

const UNDO_BUDGET_MS = 30_000;
/** JIT-compile the generator before anything counts; the first requests of a fresh process are ten times slower. */
const GENERATOR_WARMUP = { ratePerSecond: 2000, durationNs: 1.5e9 };

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
  /** Trials already on disk, by id. */
  readonly done: ReadonlySet<string>;
  /** When resuming: the machine it was begun on, which must still be this one unless drift is accepted. */
  readonly resumed: { readonly facts: RunRecord['facts']; readonly invalid: number; readonly acceptDrift: boolean } | undefined;
  readonly shortId: string;
  readonly allowConcurrent: boolean;
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
  const state = new RunState(request);
  try {
    await measure(request, state, undo);
    state.update({ status: 'complete' });
    if (request.keep) await keepUntilInterrupted(request);
  } catch (error) {
    state.update({ status: error instanceof Interrupted ? 'interrupted' : 'failed', failure: reasonOf(error) });
    throw error instanceof Interrupted
      ? new MeshtaxError('MT3005', { trials: state.measured, directory: directory.path, run: request.record.id })
      : error;
  } finally {
    for (const failure of await undo.unwind(UNDO_BUDGET_MS)) emit({ kind: 'undo-failed', ...failure });
    // A run that could not even be opened again may be going on elsewhere: its record is not ours to write.
    if (state.opened || !request.resumed) await finish(request, state);
    emit({ kind: 'ended', status: state.record.status });
  }
  return { record: state.record, trials: state.measured, invalid: state.invalid };
}

async function measure(request: RunRequest, state: RunState, undo: UndoStack): Promise<void> {
  const { plan, system, cluster, directory } = request;
  const session = await cluster.open(
    plan.experiment.cluster,
    system,
    { runId: request.shortId, logDirectory: directory.logs, allowConcurrent: request.allowConcurrent },
    undo.push,
  );
  const drift = driftOf(request, session.facts);
  state.opened = true;
  state.update({
    facts: { ...session.facts, ...request.resumed?.facts },
    findings: [...state.record.findings, ...session.findings, ...drift],
  });
  await directory.writeRun(state.record);
  for (const finding of session.findings) request.emit({ kind: 'finding', finding });

  const generators = new Generators(session);
  if (plan.comparisons.some((comparison) => comparison.generator.placement === 'shared')) await generators.shared(undo.push);
  const groups = [...byDeployment(plan, request.done)];
  let warmed = false;
  for (const [number, blocks] of groups) {
    const scope = new UndoStack(system.clock);
    undo.push(`deployment ${number}`, async () => {
      const failures = await scope.unwind(UNDO_BUDGET_MS);
      if (failures.length > 0) throw new Error(failures.map(({ title, reason }) => `${title}: ${reason}`).join('; '));
    });
    const deployed = await deployAll(deployContext(request, session, generators, undo), number, scope.push);
    state.noteDeployment(deployed);
    if (!warmed) await warmGenerator(deployed, plan);
    warmed = true;
    for (const block of blocks) await runBlock(request, state, block, deployed);
    const isKept = request.keep && number === groups.at(-1)?.[0];
    if (!isKept) for (const failure of await scope.unwind(UNDO_BUDGET_MS)) request.emit({ kind: 'undo-failed', ...failure });
  }
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

async function keepUntilInterrupted({ emit, signal }: RunRequest): Promise<void> {
  const detail = 'look at it with `ip netns`; Ctrl-C removes it';
  emit({ kind: 'finding', finding: { code: 'MT0001', level: 'info', title: 'the last deployment is kept', detail, why: '', fix: '' } });
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Blocks that still have trials to do, grouped by the deployment they belong to. */
function byDeployment(plan: Plan, done: ReadonlySet<string>): Map<number, PlannedBlock[]> {
  const groups = new Map<number, PlannedBlock[]>();
  for (const block of plan.blocks) {
    if (block.trials.every((trial) => done.has(trial.id))) continue;
    groups.set(block.deployment, [...(groups.get(block.deployment) ?? []), block]);
  }
  return groups;
}

function deployContext(request: RunRequest, session: ClusterSession, generators: Generators, undo: UndoStack) {
  return {
    plan: request.plan,
    session,
    generators,
    datapaths: request.datapaths,
    verifyChecks: request.checks.filter((check): check is VerifyCheck => check.stage === 'verify'),
    emit: request.emit,
    signal: request.signal,
    undoRun: undo.push,
    runId: request.record.id,
  };
}

async function warmGenerator(deployed: DeployedBlock, plan: Plan): Promise<void> {
  const baseline = deployed.deployments.find((deployment) => deployment.arm === plan.experiment.baseline);
  for (const comparison of plan.comparisons) {
    const channel = deployed.channels.get(channelName(baseline?.arm ?? '', comparison));
    if (channel && comparison.generator.placement === 'shared') {
      await channel.generator.load({
        op: 'open-load',
        arms: [channel.name],
        seed: 'warm-up',
        arrivals: 'poisson',
        pacing: 'sleep',
        ...GENERATOR_WARMUP,
      });
    }
  }
}

async function runBlock(request: RunRequest, state: RunState, block: PlannedBlock, deployed: DeployedBlock): Promise<void> {
  const { plan, directory, emit } = request;
  const total = plan.blocks.reduce((sum, each) => sum + each.trials.length, 0);
  const context = {
    system: request.system,
    collectors: request.collectors,
    validityChecks: request.checks.filter((check): check is ValidityCheck => check.stage === 'validity'),
    seed: plan.seed,
    signal: request.signal,
  };
  const records: TrialRecord[] = [];
  for (const planned of block.trials) {
    if (request.done.has(planned.id)) continue;
    throwIfInterrupted(request.signal);
    const number = block.block * block.trials.length + planned.position + 1;
    const comparison = plan.comparisons.find((each) => each.workload === planned.workload && each.load.name === planned.load);
    const channel = comparison && deployed.channels.get(channelName(planned.arm, comparison));
    if (!channel) throw new Error(`no channel for ${planned.id}`);
    emit({ kind: 'trial-started', number, of: total, ...planned });
    const record = await runTrial(context, planned, channel);
    await directory.writeTrial(record);
    records.push(record);
    state.noteTrial(record);
    emit({ kind: 'trial-ended', id: planned.id, number, of: total, valid: record.valid, summary: summaryOf(record) });
    refuseDeadComponents(record, deployed);
  }
  refuseHopelessRate(records);
}

/** A datapath whose proxy died will not recover: going on would only collect invalid trials. */
function refuseDeadComponents(record: TrialRecord, deployed: DeployedBlock): void {
  const [ended] = record.componentsEnded;
  if (ended === undefined) return;
  const log = deployed.deployments.find((deployment) => deployment.arm === record.arm)?.logDirectory ?? '';
  throw new MeshtaxError('MT3006', { component: ended.split(' ')[0] ?? 'a component', arm: record.arm, problem: ended, log });
}

/** When even the best trial of a block is far from the requested rate, the machine cannot send it at all. */
function refuseHopelessRate(records: readonly TrialRecord[]): void {
  const open = records.filter((record) => record.requested.ratePerSecond !== null);
  const shortfall = (record: TrialRecord) => record.result.achievedRatePerSecond / (record.requested.ratePerSecond ?? 1);
  if (open.length === 0 || open.some((record) => record.valid || shortfall(record) > 0.9)) return;
  const best = open.reduce((a, b) => (shortfall(a) > shortfall(b) ? a : b));
  throw new MeshtaxError('MT3003', {
    requested: best.requested.ratePerSecond ?? 0,
    arm: best.arm,
    achieved: Math.round(best.result.achievedRatePerSecond),
  });
}

async function finish(request: RunRequest, state: RunState): Promise<void> {
  state.update({ endedAt: request.system.clock.wallTime().toISOString() });
  if (state.record.status !== 'complete') return request.directory.writeRun(state.record);
  if (state.invalid === 0) await request.directory.dropLogs();
  await request.directory.seal(state.record);
}

function summaryOf(record: TrialRecord): string {
  const failed = record.findings.find((finding) => finding.level === 'error');
  return failed ? `${failed.title}: ${failed.detail}` : `${record.result.arms[0]?.ok ?? 0} answers`;
}

/** The run's record and its counts while it runs. */
class RunState {
  record: RunRecord;
  measured: number;
  invalid: number;
  /** The cluster let us in: from here on the record is ours. */
  opened = false;

  constructor(request: RunRequest) {
    this.record = { ...request.record, status: 'running', failure: null };
    this.measured = request.done.size;
    this.invalid = request.resumed?.invalid ?? 0;
  }

  update(change: Partial<RunRecord>): void {
    this.record = { ...this.record, ...change, ...(change.status === 'complete' ? { sealed: true } : {}) };
  }

  noteDeployment(deployed: DeployedBlock): void {
    const arms = this.record.arms.map((arm) => {
      const deployment = deployed.deployments.find((candidate) => candidate.arm === arm.name);
      return deployment ? { ...arm, notes: { ...deployment.notes } } : arm;
    });
    this.update({ arms });
  }

  noteTrial(record: TrialRecord): void {
    this.measured++;
    if (!record.valid) this.invalid++;
  }
}
