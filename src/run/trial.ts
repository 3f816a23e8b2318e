/** One trial: warm up, open the instruments, load, close them, record, judge. */
import type { Collector, Recording } from '../model/contracts/collector.ts';
import type { ValidityCheck } from '../model/contracts/check.ts';
import type { Load } from '../model/experiment.ts';
import type { Finding } from '../model/findings.ts';
import type { System } from '../model/ports.ts';
import { SCHEMA_VERSION, type Measure, type TrialRecord } from '../model/records.ts';
import type { LoadResult } from '../model/contracts/generator.ts';
import type { PlannedTrial } from '../plan/plan.ts';
import type { Channel } from './channels.ts';
import { difference, reconcile } from './deployment.ts';
import { unlessInterrupted } from './interruption.ts';

export interface TrialContext {
  readonly system: System;
  readonly collectors: readonly Collector[];
  readonly validityChecks: readonly ValidityCheck[];
  readonly seed: string;
  readonly signal: AbortSignal;
}

export async function runTrial(context: TrialContext, planned: PlannedTrial, channel: Channel): Promise<TrialRecord> {
  const { deployment, comparison } = channel;
  const { load } = comparison;
  const startedAt = context.system.clock.wallTime().toISOString();
  if (load.warmupNs > 0)
    await unlessInterrupted(apply(channel, load, load.warmupNs, `warm-up/${context.seed}/${planned.id}`), context.signal);

  // A proxy that died cannot be asked any more: the trial is kept, as invalid.
  const unlessDead = <T>(work: Promise<T>, nothing: T): Promise<T> =>
    work.catch((error: unknown) => {
      if (endedComponents(channel).length > 0) return nothing;
      throw error;
    });
  const countersBefore = await unlessDead(deployment.pathCounters(), {});
  const recordings = await unlessDead(openAll(context, channel), []);
  const result = await unlessInterrupted(apply(channel, load, load.durationNs, `${context.seed}/${planned.id}`), context.signal);
  const measures = await unlessDead(closeAll(recordings), []);
  const countersAfter = await unlessDead(deployment.pathCounters(), {});
  const moved = difference(countersBefore, countersAfter, deployment);

  const record: TrialRecord = {
    schemaVersion: SCHEMA_VERSION,
    ...planned,
    generator: comparison.generator.id,
    startedAt,
    requested: {
      ratePerSecond: load.loop === 'open' ? load.ratePerSecond : null,
      durationNs: load.durationNs,
      connections: load.connections,
      arrivals: load.loop === 'open' ? load.arrivals : null,
    },
    result: { ...result, arms: result.arms.map((arm) => ({ ...arm, arm: planned.arm })) },
    measures,
    path: { moved, exact: isExact(channel, result, moved) },
    componentsEnded: endedComponents(channel),
    findings: [],
    valid: true,
  };
  const findings = judge(record, context.validityChecks);
  return { ...record, findings, valid: findings.every((finding) => finding.level !== 'error') };
}

function endedComponents({ deployment, generator }: Channel): string[] {
  return [...deployment.components, generator.component].flatMap((component) => {
    const ended = component.ended();
    return ended === undefined ? [] : [`${component.role} ended with ${ended}`];
  });
}

export function judge(record: TrialRecord, checks: readonly ValidityCheck[]): Finding[] {
  return checks.map((check) => ({ code: check.code, title: check.title, ...check.judge(record) }));
}

async function apply(channel: Channel, load: Load, durationNs: number, seed: string): Promise<LoadResult> {
  return load.loop === 'closed'
    ? channel.generator.load({ op: 'closed-load', arm: channel.name, durationNs })
    : channel.generator.load({
        op: 'open-load',
        arms: [channel.name],
        seed,
        arrivals: load.arrivals,
        pacing: load.pacing,
        ratePerSecond: load.ratePerSecond,
        durationNs,
      });
}

function isExact(channel: Channel, result: LoadResult, moved: Readonly<Record<string, number>>): boolean {
  const { deployment, comparison } = channel;
  const arm = result.arms[0];
  const sent = arm?.sent ?? 0;
  const requests = comparison.load.loop === 'closed' ? reconcile(sent, moved, deployment, comparison.load.connections) : sent;
  const tolerance = comparison.load.loop === 'closed' ? comparison.load.connections : 0;
  return deployment.expectations.every(({ counter, equals }) => {
    const expected = equals === 'requests' ? requests : equals === 'connections' ? (arm?.connectionsOpened ?? 0) : 0;
    return Math.abs((moved[counter] ?? Number.NaN) - expected) <= (equals === 'requests' ? tolerance : 0);
  });
}

/** Heavy instruments open first and close last, so that light ones see nothing of them. */
async function openAll(context: TrialContext, channel: Channel): Promise<Recording[]> {
  const scope = { deployment: channel.deployment, generator: channel.generator.component, system: context.system };
  const applicable = context.collectors.filter((collector) => collector.absent(channel.deployment) === undefined);
  const ordered = [...applicable].sort((a, b) => Number(a.weight === 'light') - Number(b.weight === 'light'));
  const recordings: Recording[] = [];
  for (const collector of ordered) recordings.push(await collector.open(scope));
  return recordings;
}

async function closeAll(recordings: readonly Recording[]): Promise<Measure[]> {
  const measures: Measure[][] = [];
  for (const recording of recordings.toReversed()) measures.push([...(await recording.close())]);
  return measures.toReversed().flat();
}
