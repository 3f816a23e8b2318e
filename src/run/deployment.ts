/** One deployment of all datapaths: deploy, connect, and prove that each request takes its path and no other. */
import type { ClusterSession } from '../model/contracts/cluster.ts';
import type { Deployment, PushUndo } from '../model/contracts/deployment.ts';
import type { PathEvidence, VerifyCheck } from '../model/contracts/check.ts';
import type { Collector, Recording } from '../model/contracts/collector.ts';
import type { Datapath } from '../model/contracts/datapath.ts';
import { MeshtaxError } from '../model/errors.ts';
import type { EventSink } from '../model/events.ts';
import type { Finding } from '../model/findings.ts';
import type { System } from '../model/ports.ts';
import type { Plan } from '../plan/plan.ts';
import { Generators, type Channel } from './channels.ts';
import { inTime } from './instruments.ts';
import { throwIfInterrupted, unlessInterrupted } from './interruption.ts';

/** Requests of a proof: enough to notice one that strays, few enough to cost a fraction of a second. */
const PROOF_REQUESTS = 100;
const PROOF_RATE_PER_SECOND = 500;
/** A closed loop cannot be told to send an exact number; its proof is a short load. */
const CLOSED_PROOF_NS = 0.2e9;

export interface DeployedBlock {
  readonly deployments: readonly Deployment[];
  readonly channels: ReadonlyMap<string, Channel>;
  readonly findings: readonly Finding[];
}

export interface DeployContext {
  readonly plan: Plan;
  readonly session: ClusterSession;
  readonly generators: Generators;
  readonly datapaths: readonly Datapath[];
  readonly verifyChecks: readonly VerifyCheck[];
  /** Those that observe single requests or connections: opened around a proof. */
  readonly observers: readonly Collector[];
  readonly system: System;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
  readonly undoRun: PushUndo;
  readonly runId: string;
}

export async function deployAll(context: DeployContext, number: number, undo: PushUndo): Promise<DeployedBlock> {
  const { plan, session, signal } = context;
  const arms = plan.experiment.datapaths;
  context.emit({ kind: 'deploying', deployment: number, arms: arms.map((arm) => arm.name) });
  const deployments: Deployment[] = [];
  for (const selected of arms) {
    const datapath = context.datapaths.find((candidate) => candidate.id === selected.id);
    if (!datapath) throw new Error(`no datapath ${selected.id}: the schema should have refused it`);
    // Not raced against the interruption: a half-made deployment could outlive its undo.
    throwIfInterrupted(signal);
    deployments.push(await session.deploy(datapath, selected, plan.servers, undo));
  }
  const channels = new Map<string, Channel>();
  const findings: Finding[] = [];
  for (const deployment of deployments) {
    for (const comparison of plan.comparisons) {
      const { channel, findings: proven } = await unlessInterrupted(
        openAndProve(context, deployment, deployments, comparison, undo),
        signal,
      );
      channels.set(channel.name, channel);
      findings.push(...proven);
      for (const finding of proven) context.emit({ kind: 'verified', arm: deployment.arm, workload: comparison.workload, finding });
    }
  }
  return { deployments, channels, findings };
}

async function openAndProve(
  context: DeployContext,
  deployment: Deployment,
  all: readonly Deployment[],
  comparison: Plan['comparisons'][number],
  undo: PushUndo,
): Promise<{ channel: Channel; findings: Finding[] }> {
  const before = await beforeProof(context, deployment, all);
  const channel = await context.generators
    .open(deployment, comparison, { run: context.undoRun, deployment: undo })
    .catch((error: unknown) => {
      abandon(before);
      throw error;
    });
  return { channel, findings: await prove(context, channel, before, channel.connections) };
}

/** Once more on connections that are open already: a path can change under a deployment. @throws MeshtaxError MT3002. */
export async function proveAgain(context: DeployContext, { deployments, channels }: DeployedBlock): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const channel of channels.values()) {
    const before = await beforeProof(context, channel.deployment, deployments);
    findings.push(...(await unlessInterrupted(prove(context, channel, before, 0), context.signal)));
  }
  return findings;
}

interface BeforeProof {
  /** Flows of the proof alone, where somebody observes them. */
  readonly recordings: readonly Recording[];
  readonly own: Readonly<Record<string, number>>;
  readonly others: readonly Deployment[];
  readonly othersBefore: Readonly<Record<string, number>>;
}

async function beforeProof(context: DeployContext, deployment: Deployment, all: readonly Deployment[]): Promise<BeforeProof> {
  const others = all.filter((candidate) => candidate !== deployment);
  const own = await readCounters(deployment);
  const othersBefore = await countersOf(others);
  const { observers, system } = context;
  const recordings: Recording[] = [];
  for (const observer of observers)
    if (observer.absent(deployment, {}) === undefined)
      recordings.push(await inTime(observer.id, observer.open({ deployment, generator: undefined, system, host: {} })));
  return { own, others, othersBefore, recordings };
}

function abandon({ recordings }: BeforeProof): void {
  for (const recording of recordings) recording.abandon?.();
}

async function prove(context: DeployContext, channel: Channel, before: BeforeProof, connectionsOpened: number): Promise<Finding[]> {
  const { deployment, comparison } = channel;
  const sent = await sendProof(channel).catch((error: unknown) => {
    abandon(before);
    throw error;
  });
  for (const recording of before.recordings) recording.end?.();
  const flows = (await Promise.all(before.recordings.map((recording) => inTime('observer', recording.close())))).flat();
  const moved = difference(before.own, await readCounters(deployment), deployment);
  const evidence: PathEvidence = {
    arm: deployment.arm,
    requests: comparison.load.loop === 'closed' ? reconcile(sent.requests, moved, deployment, comparison.load.connections) : sent.requests,
    connections: connectionsOpened + sent.connections,
    errors: sent.errors,
    moved,
    expectations: deployment.expectations,
    flows,
    encryption: deployment.features.encryption,
    l7Passes: deployment.features.l7PassesPerRequest,
    others: difference(before.othersBefore, await countersOf(before.others)),
  };
  const findings = context.verifyChecks.map((check): Finding => ({
    code: check.code,
    title: `${check.title}: ${channel.name}`,
    ...check.judge(evidence),
  }));
  const failed = findings.find((finding) => finding.level === 'error');
  if (failed) throw new MeshtaxError('MT3002', { arm: channel.name, problem: failed.detail });
  return findings.filter(({ level }) => level !== 'not-applicable');
}

async function sendProof(channel: Channel): Promise<{ requests: number; connections: number; errors: number }> {
  const { generator, name, comparison } = channel;
  const result =
    comparison.load.loop === 'closed'
      ? await generator.load({ op: 'closed-load', arm: name, durationNs: CLOSED_PROOF_NS })
      : await generator.load({
          op: 'open-load',
          arms: [name],
          seed: `proof/${name}`,
          arrivals: 'poisson',
          pacing: 'sleep',
          ratePerSecond: PROOF_RATE_PER_SECOND,
          durationNs: 0,
          requests: PROOF_REQUESTS,
        });
  const arm = result.arms[0];
  const cutOff = comparison.load.loop === 'closed' ? comparison.load.connections : 0;
  return { requests: arm?.sent ?? 0, connections: arm?.connectionsOpened ?? 0, errors: Math.max(0, (arm?.errors ?? 0) - cutOff) };
}

/** A closed loop ends with up to one unanswered request a connection: what the counters saw is then its number. */
export function reconcile(sent: number, moved: Readonly<Record<string, number>>, deployment: Deployment, connections: number): number {
  const counted = deployment.expectations
    .filter((expectation) => expectation.equals === 'requests')
    .map((expectation) => moved[expectation.counter] ?? 0);
  const most = Math.max(sent, ...counted);
  return most - sent <= connections ? most : sent;
}

/** @throws MeshtaxError MT3012 when they cannot be read. */
function readCounters(deployment: Deployment): Promise<Readonly<Record<string, number>>> {
  return inTime(`counters of ${deployment.arm}`, deployment.pathCounters());
}

async function countersOf(deployments: readonly Deployment[]): Promise<Record<string, number>> {
  const all = await Promise.all(deployments.map(async (each) => [each, await readCounters(each)] as const));
  return Object.fromEntries(
    all.flatMap(([each, counters]) => Object.entries(counters).map(([name, value]) => [`${each.arm}.${name}`, value])),
  );
}

/** Counters that must be zero are compared as they stand; all others by how far they moved. */
export function difference(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
  deployment?: Deployment,
): Record<string, number> {
  const absolute = new Set(deployment?.expectations.filter((each) => each.equals === 'zero').map((each) => each.counter));
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, absolute.has(name) ? value : value - (before[name] ?? 0)]));
}
