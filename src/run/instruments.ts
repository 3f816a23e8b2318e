/** Instruments around a window: heavy ones open first and close last; one that fails, hangs or talks nonsense is no figure. */
import type { HostInstruments } from '../model/contracts/cluster.ts';
import type { Collector, Reading, Recording } from '../model/contracts/collector.ts';
import { MeshtaxError, reasonOf } from '../model/errors.ts';
import type { System } from '../model/ports.ts';
import { within } from '../model/within.ts';
import type { PlannedTrial } from '../plan/plan.ts';
import type { Channel } from './channels.ts';

export interface InstrumentContext {
  readonly system: System;
  readonly host: HostInstruments;
  readonly collectors: readonly Collector[];
}

type Arm = { readonly planned: PlannedTrial; readonly channel: Channel };

/** Of no single arm: the machine's instruments while several arms share it. */
const ALL_ARMS = '';
/** What opens or closes for longer than its own time limits allow never will. */
const PATIENCE_MS = 90_000;

interface OpenRecording {
  readonly collector: string;
  readonly arm: string;
  readonly recording: Recording;
}
/** One collector, with a recording of each arm it reads. */
export type OpenInstrument = readonly OpenRecording[];

/** Heavy instruments open first and close last, so that light ones see nothing of them; each in all arms at once. */
export async function openAll({ collectors, system, host }: InstrumentContext, arms: readonly Arm[]): Promise<OpenInstrument[]> {
  const alone = arms.length === 1;
  const unwanted = arms[0]?.planned.kind === 'cpu' ? 'latency' : 'ladder';
  const ordered = collectors
    .filter(({ during }) => during !== unwanted && during !== 'proof')
    .sort((a, b) => Number(a.weight === 'light') - Number(b.weight === 'light'));
  const open: OpenInstrument[] = [];
  for (const collector of ordered) {
    const readers = (collector.sees === 'machine' ? arms.slice(0, 1) : arms).filter(
      ({ channel }) => collector.absent(channel.deployment, host) === undefined,
    );
    const recordings = readers.map(async ({ planned, channel }): Promise<OpenRecording> => {
      const generator = alone ? channel.generator.component : undefined;
      const opening = Promise.resolve(collector.open({ deployment: channel.deployment, generator, system, host }));
      const recording = await inTime(collector.id, opening);
      return { collector: collector.id, arm: collector.sees === 'machine' && !alone ? ALL_ARMS : planned.arm, recording };
    });
    const settled = await Promise.allSettled(recordings);
    open.push(settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
    const failed = settled.find((each) => each.status === 'rejected');
    if (failed) {
      abandonAll(open);
      throw failed.reason;
    }
  }
  return open;
}

/** What is left open would keep the process alive. */
export function abandonAll(open: readonly OpenInstrument[]): void {
  for (const { recording } of open.flat()) recording.abandon?.();
}

/** By arm. One that fails does not keep the others open. @throws MeshtaxError MT3012, or the collector's own. */
export async function closeAll(open: readonly OpenInstrument[]): Promise<Map<string, Reading[]>> {
  const readings = new Map<string, Reading[]>();
  let failed: PromiseRejectedResult | undefined;
  for (const { recording } of open.flat()) recording.end?.();
  for (const instrument of open.toReversed()) {
    const settled = await Promise.allSettled(
      instrument.map(async ({ collector, arm, recording }) => ({ arm, read: await inTime(collector, recording.close()) })),
    );
    for (const each of settled) {
      if (each.status === 'rejected') failed ??= each;
      else readings.set(each.value.arm, [...each.value.read.map(orNotMeasured), ...(readings.get(each.value.arm) ?? [])]);
    }
  }
  if (failed) throw failed.reason;
  return readings;
}

/** @throws MeshtaxError MT3012, or its own. */
export async function inTime<T>(collector: string, work: Promise<T>): Promise<T> {
  try {
    return await within(work, PATIENCE_MS);
  } catch (error) {
    throw codedFailure(collector, error);
  }
}

export function codedFailure(instrument: string, error: unknown): MeshtaxError {
  return error instanceof MeshtaxError ? error : new MeshtaxError('MT3012', { instrument, problem: reasonOf(error) }, { cause: error });
}

/** Times, sizes and counts are numbers from zero up; whatever else is said is not measured, and what was said is kept in words. */
export function orNotMeasured(reading: Reading): Reading {
  if (!('value' in reading)) return reading;
  const { collector, metric, component, value, range } = reading;
  const figures = [value, ...(range ?? [])];
  if (figures.every((each) => typeof each === 'number' && Number.isFinite(each) && each >= 0)) return reading;
  return { collector, metric, component, notMeasured: `it said ${figures.map(String).join(', ')}` };
}
