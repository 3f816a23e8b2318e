/** The measuring part of a run: deployment after deployment, block after block, until the answer is there or the time is over. */
import type { ValidityCheck, VerifyCheck } from '../model/contracts/check.ts';
import type { ClusterSession } from '../model/contracts/cluster.ts';
import type { Load } from '../model/experiment.ts';
import { questionOf, type ComparisonDesign, type TrialRecord } from '../model/records.ts';
import { stoodStill } from '../model/stall-mask.ts';
import type { PlannedBlock, PlannedStep } from '../plan/plan.ts';
import { Generators } from './channels.ts';
import { deployAll, proveAgain, type DeployContext, type DeployedBlock } from './deployment.ts';
import { throwIfInterrupted } from './interruption.ts';
import { endedOf, measure, type MeasureContext, type Measurement } from './measurement.ts';
import { channelOf, pilotAll } from './pilot.ts';
import type { RunRequest } from './lifecycle.ts';
import { refuseDead, refuseHopelessBlock, refuseLeftovers } from './refusals.ts';
import type { RunState } from './state.ts';
import { inWords, UndoStack } from './undo-stack.ts';

const UNDO_BUDGET_MS = 30_000;
/** Per arm and comparison, in a closed loop. */
const WARMUP_NS = 0.4e9;
/** The generator's own code needs about 20,000 requests before it is compiled; once per run. */
const GENERATOR_WARMUP_NS = 2e9;
/** A latency window in which the host stood still is measured again; so many attempts in all. */
const ATTEMPTS = 2;

export async function runCampaign(request: RunRequest, session: ClusterSession, state: RunState, undo: UndoStack): Promise<void> {
  const { plan, system, emit } = request;
  const generators = new Generators(session);
  if (plan.comparisons.some((comparison) => generators.drivesTogether(comparison))) await generators.shared(undo.push);
  const watch = new Watch(request, state);
  let isCold = true;
  // What a resumed run knows already is not asked again.
  if (request.trials.length > 0) state.assess();
  if (state.open !== undefined && watch.isOver()) return;
  for (const [number, blocks] of byDeployment(request, state)) {
    const scope = new UndoStack(system.clock);
    const undone = async () => {
      const failures = await scope.unwind(UNDO_BUDGET_MS);
      if (failures.length > 0) throw new Error(inWords(failures));
    };
    // It ends by itself; what is undone after it must not begin while it goes on.
    undo.push(`deployment ${number}`, undone, 1.2 * UNDO_BUDGET_MS);
    const how = deployContext(request, session, generators, undo);
    const deployed = await deployAll(how, number, scope.push);
    const campaign: Campaign = { request, state, context: contextOf(request, session), deployed };
    state.noteDeployment(deployed);
    state.noteProofs(blocks[0]?.block ?? 0, deployed.findings);
    await warmUp(campaign, isCold);
    isCold = false;
    if (state.record.designs.length === 0) await pilot(campaign);
    for (const block of blocks) {
      watch.beginBlock();
      if (session.provesEachBlock === true && block !== blocks[0]) state.noteProofs(block.block, await proveAgain(how, deployed));
      await runBlock(campaign, block);
      if (watch.isOver(block === plan.blocks.at(-1))) break;
    }
    const isLast = state.stopped !== undefined || blocks.at(-1) === plan.blocks.at(-1);
    if (request.keep && isLast) return;
    const failures = await scope.unwind(UNDO_BUDGET_MS);
    for (const failure of failures) emit({ kind: 'undo-failed', ...failure });
    if (state.stopped !== undefined || isLast) return;
    refuseLeftovers(failures, number);
  }
}

/** Is there time, and anything left to find out? */
class Watch {
  readonly #request: RunRequest;
  readonly #state: RunState;
  readonly #deadlineNs: number;
  #begunNs: number;
  #longestBlockNs = 0;

  constructor(request: RunRequest, state: RunState) {
    this.#request = request;
    this.#state = state;
    this.#begunNs = request.system.clock.monotonicNs();
    this.#deadlineNs = this.#begunNs + request.plan.experiment.statistics.budgetNs;
  }

  /** What deploying and the pilot took is in the budget, but says nothing of the next block. */
  beginBlock(): void {
    this.#begunNs = this.#request.system.clock.monotonicNs();
  }

  /** Asked after every block; when it is over the reason is in the run's record. `isLast`: nothing is left that time could be for. */
  isOver(isLast = false): boolean {
    const { stop, minBlocks, measureAll } = this.#request.plan.experiment.statistics;
    const nowNs = this.#request.system.clock.monotonicNs();
    this.#longestBlockNs = Math.max(this.#longestBlockNs, nowNs - this.#begunNs);
    if (stop === 'fixed' || measureAll) return false;
    if (this.#state.blocksDone >= minBlocks && this.#state.open?.size === 0)
      this.#state.stop('no verdict was left that more blocks could bring');
    else if (!isLast && nowNs + this.#longestBlockNs > this.#deadlineNs) this.#state.stop('the time budget was over');
    return this.#state.stopped !== undefined;
  }
}

/** Blocks that still have trials to do, grouped by the deployment they belong to. */
function byDeployment(request: RunRequest, state: RunState): Map<number, PlannedBlock[]> {
  const groups = new Map<number, PlannedBlock[]>();
  for (const block of request.plan.blocks) {
    if (!block.steps.some((step) => isToDo(request, state, step))) continue;
    groups.set(block.deployment, [...(groups.get(block.deployment) ?? []), block]);
  }
  return groups;
}

interface Campaign {
  readonly request: RunRequest;
  readonly state: RunState;
  readonly context: MeasureContext;
  readonly deployed: DeployedBlock;
}

function contextOf(request: RunRequest, session: ClusterSession): MeasureContext {
  return {
    system: session.system ?? request.system,
    host: session.host,
    collectors: request.collectors,
    validityChecks: request.checks.filter((check): check is ValidityCheck => check.stage === 'validity'),
    seed: request.plan.seed,
    signal: request.signal,
  };
}

function deployContext(request: RunRequest, session: ClusterSession, generators: Generators, undo: UndoStack): DeployContext {
  const verifyChecks = request.checks.filter((check): check is VerifyCheck => check.stage === 'verify');
  const { plan, datapaths, emit, signal } = request;
  const observers = request.collectors.filter(({ observesFlows }) => observesFlows === true);
  return {
    plan,
    session,
    generators,
    datapaths,
    verifyChecks,
    observers,
    system: session.system ?? request.system,
    emit,
    signal,
    undoRun: undo.push,
    runId: request.record.id,
  };
}

async function pilot({ request, state, context, deployed }: Campaign): Promise<void> {
  const designs = await pilotAll(context, request.plan, deployed);
  state.update({ designs });
  await request.directory.writeRun(state.record);
  for (const design of designs) request.emit({ kind: 'design-chosen', ...design });
}

/**
 * Servers and proxies are fresh, and code that was never run is slow: thousands of requests for every arm, at full speed. `isCold`: so
 * is the generator that all arms share, also when a run is resumed.
 */
async function warmUp({ request, deployed }: Campaign, isCold: boolean): Promise<void> {
  for (const channel of deployed.channels.values()) {
    if (channel.comparison.generator.placement !== 'shared') continue;
    throwIfInterrupted(request.signal);
    const isBaseline = channel.deployment.arm === request.plan.experiment.baseline;
    // A generator of its own is new code with every deployment, whichever datapath it is for.
    const durationNs = !channel.shared || (isCold && isBaseline) ? GENERATOR_WARMUP_NS : WARMUP_NS;
    await channel.generator.load({ op: 'closed-load', arm: channel.name, durationNs, inFlight: channel.connections });
  }
}

async function runBlock(campaign: Campaign, block: PlannedBlock): Promise<void> {
  const { request, state } = campaign;
  const records: TrialRecord[] = [];
  for (const step of block.steps) {
    if (isToDo(request, state, step)) records.push(...(await runStep(campaign, step)));
  }
  refuseHopelessBlock(records, campaign.deployed);
  state.endBlock(block.block);
  state.assess();
}

/** What has its verdict already need not be measured further; the plan keeps the place. */
function isToDo({ done, plan }: RunRequest, { open, blocksDone }: RunState, step: PlannedStep): boolean {
  if (step.trials.every((trial) => done.has(trial.id))) return false;
  return open === undefined || blocksDone < plan.experiment.statistics.minBlocks || open.has(questionOf(step));
}

async function runStep(campaign: Campaign, step: PlannedStep): Promise<TrialRecord[]> {
  const { request, state, context } = campaign;
  for (let attempt = 0; ; attempt++) {
    const records: TrialRecord[] = [];
    for (const measurement of measurementsOf(campaign, step, attempt)) {
      throwIfInterrupted(request.signal);
      for (const { planned, channel } of measurement.arms)
        refuseDead(planned.arm, endedOf(channel.deployment.components), campaign.deployed);
      for (const { planned } of measurement.arms) {
        const { id, arm, workload, load } = planned;
        request.emit({ kind: 'trial-started', number: state.measured + 1, of: state.planned, id, arm, workload, load });
      }
      const { records: measured, failure } = await measure(context, measurement);
      // On the ladder the soaker tells stolen time apart, and no two windows are paired.
      const again = step.kind === 'latency' && attempt + 1 < ATTEMPTS && measured.some(({ host }) => host !== null && stoodStill(host));
      for (const record of measured) records.push(await keep(campaign, record, again ? attempt : undefined));
      // All arms of a duet are stored first: what was skipped then could never be measured again.
      for (const { arm, componentsEnded } of measured) refuseDead(arm, componentsEnded, campaign.deployed);
      if (failure) throw failure;
      if (again) {
        // And all arms of the step once more: what was measured one after the other before this arm is set aside with it.
        for (const record of records) if (!record.superseded) await setAside(campaign, record, attempt);
        break;
      }
    }
    if (!records.some((record) => record.superseded)) return records;
  }
}

/** What is superseded keeps its figures under a name of its own. */
function superseded({ done }: RunRequest, record: TrialRecord, attempt: number): TrialRecord {
  return { ...record, id: idAside(record.id, attempt, done), superseded: true };
}

/** Before an interruption another attempt may have got the name, and what it measured stays. */
export function idAside(id: string, attempt: number, done: ReadonlySet<string>): string {
  let number = attempt + 1;
  while (done.has(`${id}-again${number}`)) number++;
  return `${id}-again${number}`;
}

/** The copy first: its own name is then free for the repetition. */
async function setAside({ request, state }: Campaign, record: TrialRecord, attempt: number): Promise<void> {
  const copy = superseded(request, record, attempt);
  await request.directory.writeTrial(copy);
  state.replaceTrial(record, copy);
  request.noted?.(copy, state.record, record.id);
}

/** Stored before anything is made of it. */
async function keep({ request, state }: Campaign, record: TrialRecord, supersededBy: number | undefined): Promise<TrialRecord> {
  const kept = supersededBy === undefined ? record : superseded(request, record, supersededBy);
  await request.directory.writeTrial(kept);
  state.noteTrial(kept);
  request.noted?.(kept, state.record);
  request.emit({
    kind: 'trial-ended',
    id: kept.id,
    number: state.measured,
    of: state.planned,
    valid: kept.valid,
    summary: summaryOf(kept),
  });
  return kept;
}

function measurementsOf({ request, state, deployed }: Campaign, step: PlannedStep, attempt: number): Measurement[] {
  const { plan, done } = request;
  const comparison = plan.comparisons.find((each) => each.workload === step.workload && each.load.name === step.load);
  const chosen = state.record.designs.find((each) => each.workload === step.workload && each.load === step.load);
  if (!comparison || !chosen) throw new Error(`no design for ${step.workload}, ${step.load}`);
  const arms = step.trials
    .filter((planned) => !done.has(planned.id))
    .map((planned) => ({ planned, channel: channelOf(deployed, planned.arm, comparison) }));
  if (step.kind === 'cpu')
    return arms.map((arm) => ({
      arms: [arm],
      design: 'block',
      load: rungOf(plan, comparison.load, chosen, arm.planned.share ?? 0),
      attempt,
    }));
  // Of a duet that was stored half when a run was killed, the other half cannot be measured any more.
  if (chosen.design !== 'block' && arms.length < step.trials.length) return [];
  if (chosen.design === 'block') return arms.map((arm) => ({ arms: [arm], design: 'block', load: comparison.load, attempt }));
  return [{ arms, design: chosen.design, load: comparison.load, attempt }];
}

function rungOf(plan: RunRequest['plan'], load: Load, { capacityPerSecond }: ComparisonDesign, share: number): Load {
  const { cpu } = plan.experiment.statistics;
  if (load.loop === 'closed' || cpu === false || capacityPerSecond === null) throw new Error('a ladder needs an open loop and a capacity');
  return { ...load, ratePerSecond: Math.max(1, Math.round(capacityPerSecond * share)), warmupNs: cpu.warmupNs, durationNs: cpu.windowNs };
}

function summaryOf(record: TrialRecord): string {
  const failed = record.findings.find((finding) => finding.level === 'error');
  if (record.superseded) return `${failed?.detail ?? 'the host stood still'}; measured again`;
  return failed ? `${failed.title}: ${failed.detail}` : `${record.result.arms[0]?.ok ?? 0} answers`;
}
