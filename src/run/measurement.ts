/**
 * One measured window, of one arm alone or of several at once: warm up, open the instruments, load, close them, mask,
 * record, judge. Every arm gets a record of its own.
 */
import type { Component } from '../model/contracts/deployment.ts';
import type { Reading } from '../model/contracts/collector.ts';
import { fulfils, type ValidityCheck } from '../model/contracts/check.ts';
import type { LoadResult, MaskedArm } from '../model/contracts/generator.ts';
import type { Load, OpenLoad } from '../model/experiment.ts';
import { MeshtaxError } from '../model/errors.ts';
import type { Finding } from '../model/findings.ts';
import { SCHEMA_VERSION, type Design, type HostRecord, type TrialRecord } from '../model/records.ts';
import type { PlannedTrial } from '../plan/plan.ts';
import type { Channel } from './channels.ts';
import { difference, reconcile } from './deployment.ts';
import { abandonAll, closeAll, codedFailure, inTime, openAll, type InstrumentContext } from './instruments.ts';
import { unlessInterrupted } from './interruption.ts';
import { hostRecord, maskWindows } from '../model/stall-mask.ts';

export interface MeasureContext extends InstrumentContext {
  readonly validityChecks: readonly ValidityCheck[];
  readonly seed: string;
  readonly signal: AbortSignal;
}

/** What to do, for arms of one comparison on one generator. */
export interface Measurement {
  readonly arms: readonly { readonly planned: PlannedTrial; readonly channel: Channel }[];
  readonly design: Design;
  /** Per arm; of the load unless a ladder says otherwise. */
  readonly load: Load;
  /** Tells repetitions of the same window apart. */
  readonly attempt: number;
}

/** How long one arm's turn lasts in a slice design. */
const SLICE_NS = 0.5e9;

export interface Measured {
  readonly records: readonly TrialRecord[];
  /** An instrument that could not be read any more: the trials are kept, as invalid, and nothing can be measured after them. */
  readonly failure: MeshtaxError | undefined;
}

export async function measure(context: MeasureContext, measurement: Measurement): Promise<Measured> {
  const { arms, load, attempt } = measurement;
  const first = arms[0];
  if (!first) throw new Error('a measurement has an arm');
  const { system, host, seed, signal } = context;
  const startedAt = system.clock.wallTime().toISOString();
  const pacing = load.loop === 'open' ? pacingOf(load, context) : null;
  const name = arms.map(({ planned }) => planned.id).join('+') + (attempt > 0 ? `#${attempt}` : '');
  if (load.warmupNs > 0) await unlessInterrupted(apply(measurement, `warm-up/${seed}/${name}`, load.warmupNs, pacing), signal);

  // Who died cannot be asked any more: the trial is kept, as invalid.
  const unlessDead = <T>(work: Promise<T>, nothing: T): Promise<T> =>
    work.catch((error: unknown) => {
      if (arms.some(({ channel }) => endedOf(componentsOf(channel)).length > 0)) return nothing;
      throw error;
    });
  // Once there is a result it is kept, whatever becomes of the instruments.
  let failure: MeshtaxError | undefined;
  const orFailure = <T>(work: Promise<T>, nothing: T): Promise<T> =>
    unlessDead(work, nothing).catch((error: unknown) => {
      failure ??= codedFailure('the instruments', error);
      return nothing;
    });
  const before = await unlessDead(countersOf(arms), []);
  await host.stallMeter?.take(); // what came before is nobody's; what it costs to ask lies outside of the instruments
  const instruments = await unlessDead(openAll(context, arms), []);
  const strangersBefore = await orFailure(strangersOf(context), undefined); // inside of the instruments: opening them is our own work
  const openedNs = system.clock.monotonicNs();
  const result = await unlessInterrupted(apply(measurement, `${seed}/${name}`, load.durationNs, pacing), signal).catch((error: unknown) => {
    abandonAll(instruments);
    throw error;
  });
  const instrumentsNs = system.clock.monotonicNs() - openedNs;
  const strangersNs = growthOf(strangersBefore, await orFailure(strangersOf(context), undefined));
  const measures = await orFailure(closeAll(instruments), new Map<string, Reading[]>());
  const stalls = await orFailure(host.stallMeter?.take() ?? Promise.resolve([]), []);
  const after = await orFailure(countersOf(arms), []);
  const watched = host.stallMeter && hostRecord(stalls, host.stallMeter.strength, result.startNs, result.endNs, system.host.cpuCount);
  const masked = watched && load.loop === 'open' ? await orFailure(first.channel.generator.mask(maskWindows(stalls)), []) : [];

  const shared: Shared = {
    ...measurement,
    pacing,
    startedAt,
    result,
    masked,
    host: watched ?? null,
    instrumentsNs,
    strangerCpus: strangersNs === undefined ? null : strangersNs / Math.max(1, result.endNs - result.startNs),
    utilisation: utilisationOf(measures, result, context, pacing === 'spin' && hasOwnCpus(context) ? result.cpuNs : 0),
  };
  const records = arms.map(({ planned, channel }, index) => {
    const moved = difference(before[index] ?? {}, after[index] ?? {}, channel.deployment);
    return judged(recordOf(shared, planned, channel, measures.get(planned.arm) ?? [], moved), context.validityChecks, failure);
  });
  return { records, failure };
}

type Usages = ReadonlyMap<string, number>;

/** CPU time of everybody else; undefined where nobody tells. @throws MeshtaxError MT3012 when it cannot be read. */
async function strangersOf({ host }: MeasureContext): Promise<Usages | undefined> {
  const usages = await host.strangers?.cpuNsByGroup();
  if ([...(usages?.values() ?? [])].some(Number.isNaN)) throw codedFailure('CPU time of strangers', new Error('it is no number'));
  return usages;
}

/** Undefined when a group is gone: what it used meanwhile went with it. A new one used all of it meanwhile. */
function growthOf(before: Usages | undefined, after: Usages | undefined): number | undefined {
  if (before === undefined || after === undefined || [...before.keys()].some((group) => !after.has(group))) return undefined;
  return [...after].reduce((sum, [group, ns]) => sum + ns - (before.get(group) ?? 0), 0);
}

/** Of each arm. @throws MeshtaxError MT3012 when one cannot be read. */
function countersOf(arms: Measurement['arms']) {
  return Promise.all(arms.map(({ planned, channel }) => inTime(`counters of ${planned.arm}`, channel.deployment.pathCounters())));
}

interface Shared extends Measurement {
  readonly pacing: Pacing | null;
  readonly startedAt: string;
  readonly result: LoadResult;
  readonly masked: readonly MaskedArm[];
  readonly host: HostRecord | null;
  readonly instrumentsNs: number;
  readonly strangerCpus: number | null;
  readonly utilisation: number | null;
}

function recordOf(
  shared: Shared,
  planned: PlannedTrial,
  channel: Channel,
  readings: readonly Reading[],
  moved: Readonly<Record<string, number>>,
): TrialRecord {
  const { load, design, arms } = shared;
  const result = resultOfArm(shared, channel.name, planned.arm);
  const masked = shared.masked.find(({ arm }) => arm === channel.name);
  return {
    schemaVersion: SCHEMA_VERSION,
    ...planned,
    design,
    sharedUtilisation: arms.length > 1 ? shared.utilisation : null,
    superseded: false,
    generator: channel.comparison.generator.id,
    startedAt: shared.startedAt,
    requested: {
      ratePerSecond: load.loop === 'open' ? load.ratePerSecond : null,
      durationNs: load.durationNs,
      warmupNs: load.warmupNs,
      connections: load.connections,
      arrivals: load.loop === 'open' ? load.arrivals : null,
      pacing: shared.pacing,
    },
    result,
    masked: masked ? { ...masked, arm: planned.arm } : null,
    host: shared.host,
    strangerCpus: shared.strangerCpus,
    instrumentsNs: shared.instrumentsNs,
    measures: readings.filter((reading) => 'value' in reading),
    notMeasured: readings.filter((reading) => 'notMeasured' in reading),
    distributions: readings.filter((reading) => 'histogram' in reading),
    path: { moved, exact: isExact(channel, result, moved) },
    componentsEnded: endedOf(componentsOf(channel)),
    findings: [],
    valid: true,
  };
}

/** What belongs to one arm of a shared load: its requests, its share of the rate and of the generator's CPU. */
function resultOfArm({ result, design }: Shared, channelName: string, armName: string): LoadResult {
  const own = result.arms.find(({ arm }) => arm === channelName);
  if (!own) throw new Error(`the generator says nothing of ${channelName}`);
  const total = result.arms.reduce((sum, { sent }) => sum + sent, 0);
  const share = total === 0 ? 1 / result.arms.length : own.sent / total;
  return {
    ...result,
    arms: [{ ...own, arm: armName }],
    // Every arm was meant to have as many, also where another one could send hardly any.
    intendedRequests: result.intendedRequests / result.arms.length,
    // In slices each arm has the whole rate during its turns.
    achievedRatePerSecond: result.achievedRatePerSecond * (design === 'slice' ? 1 : share),
    cpuNs: result.cpuNs * share,
  };
}

function componentsOf({ deployment, generator }: Channel): Component[] {
  return [...deployment.components, generator.component];
}

/** Which of them ended, and how. */
export function endedOf(components: readonly Component[]): string[] {
  return components.flatMap((component) => {
    const ended = component.ended();
    return ended === undefined ? [] : [`${component.role} ended with ${ended}`];
  });
}

function judged(record: TrialRecord, checks: readonly ValidityCheck[], failure: MeshtaxError | undefined): TrialRecord {
  const findings = checks.map((check): Finding => ({ code: check.code, title: check.title, ...check.judge(record) }));
  if (failure) findings.push(instrumentsFailed(failure));
  return { ...record, findings, valid: findings.every((finding) => finding.level !== 'error') };
}

function instrumentsFailed({ code, message }: MeshtaxError): Finding {
  const why = 'what was measured beside the latencies is missing, and nobody can tell whether they were disturbed';
  return { code, level: 'error', title: 'the instruments answered', detail: message, why, fix: 'the logs are in the run directory' };
}

/** Loads all arms of a measurement for `durationNs` each; the number of requests is fixed, so that every arm gets as many. */
function apply({ arms, load, design }: Measurement, seed: string, durationNs: number, pacing: Pacing | null): Promise<LoadResult> {
  const names = arms.map(({ channel }) => channel.name);
  const [first] = arms;
  if (!first) throw new Error('a measurement has an arm');
  const { generator, name } = first.channel;
  if (load.loop === 'closed' || pacing === null) return generator.load({ op: 'closed-load', arm: name, durationNs });
  const perArm = Math.max(1, Math.round((load.ratePerSecond * durationNs) / 1e9));
  return generator.load({
    op: 'open-load',
    arms: names,
    seed,
    arrivals: load.arrivals,
    pacing,
    ratePerSecond: design === 'slice' ? load.ratePerSecond : load.ratePerSecond * names.length,
    durationNs: design === 'slice' ? durationNs * names.length : durationNs,
    requests: perArm * names.length,
    ...(design === 'slice' ? { requestsPerSlice: requestsPerSlice(perArm, durationNs) } : {}),
  });
}

/** From this many on the generator has two of its own. */
const CPUS_TO_SPIN = 4;

type Pacing = 'sleep' | 'spin';

function pacingOf({ pacing }: OpenLoad, context: MeasureContext): Pacing {
  if (pacing !== 'auto') return pacing;
  return hasOwnCpus(context) ? 'spin' : 'sleep';
}

/** Polling there takes nothing from any datapath. */
function hasOwnCpus({ system, host }: MeasureContext): boolean {
  return system.host.cpuCount >= CPUS_TO_SPIN && host.sharesCpus !== true;
}

/** Whole turns only, so that every arm gets the same number of requests. */
function requestsPerSlice(perArm: number, durationNs: number): number {
  for (let turns = Math.max(1, Math.round(durationNs / SLICE_NS)); turns > 1; turns--) if (perArm % turns === 0) return perArm / turns;
  return perArm;
}

function isExact(channel: Channel, result: LoadResult, moved: Readonly<Record<string, number>>): boolean {
  const { deployment, comparison } = channel;
  const arm = result.arms[0];
  const sent = arm?.sent ?? 0;
  const requests = comparison.load.loop === 'closed' ? reconcile(sent, moved, deployment, comparison.load.connections) : sent;
  const tolerance = comparison.load.loop === 'closed' ? comparison.load.connections : 0;
  const evidence = { moved, requests, connections: arm?.connectionsOpened ?? 0 };
  return deployment.expectations.every((expectation) => fulfils(expectation, evidence, tolerance));
}

/** Busy share of all CPUs but for what polling took of CPUs of its own, where the whole machine was read. */
function utilisationOf(
  measures: ReadonlyMap<string, readonly Reading[]>,
  result: LoadResult,
  { system }: MeasureContext,
  polledNs: number,
): number | null {
  const busy = [...measures.values()].flat().find(({ collector, metric }) => collector === 'machine-cpu' && metric === 'cpu');
  return busy && 'value' in busy ? (busy.value - polledNs) / Math.max(1, (result.endNs - result.startNs) * system.host.cpuCount) : null;
}
