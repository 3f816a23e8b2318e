/**
 * One open-loop load. A request's clock starts when the pacer hands it over (enqueue), whether or not a connection is
 * free: waiting for a slow answer counts, so a stall is not hidden (coordinated omission), while the pacer's own
 * lateness (lag) does not (docs/decisions/002-clock-from-enqueue.md).
 */
import { performance } from 'node:perf_hooks';
import type { GeneratorCommand, LoadResult, MaskedArm, TimeWindow } from '../../model/contracts/generator.ts';
import type { ArmClient } from './arm-client.ts';
import { ArmRecorder } from './arm-recorder.ts';
import type { ArrivalSpec } from './arrivals.ts';
import { GapMeter } from './gap-meter.ts';
import { encode, newHistogram, record } from '../../model/histogram.ts';
import { monotonicNs } from './monotonic.ts';
import { leadNs, paceByMetronome, paceBySpinning } from './pacing.ts';

type OpenLoadCommand = Extract<GeneratorCommand, { op: 'open-load' }>;

/** How long answers may take after the last request was due. */
const DRAIN_MS = 5000;

/** Of the last load, for masking afterwards. */
let recorders: readonly ArmRecorder[] = [];

export function maskLastLoad(windows: readonly TimeWindow[]): MaskedArm[] {
  return recorders.map((recorder) => recorder.mask(windows));
}

export async function runOpenLoad(command: OpenLoadCommand, clients: ReadonlyMap<string, ArmClient>): Promise<LoadResult> {
  const arms = command.arms.map((name) => {
    const client = clients.get(name);
    if (!client) throw new Error(`${name} is not connected`);
    return new ArmRecorder(name, client);
  });
  recorders = arms;
  const spec: ArrivalSpec = { ...command, requests: command.requests, arms: arms.length };
  const startNs = monotonicNs() + Math.max(leadNs(), untilNs(command.startAtWallMs));
  const lag = newHistogram();
  const gaps = new GapMeter();
  const cpuBefore = process.cpuUsage();
  const loopBefore = performance.eventLoopUtilization();

  const pace = command.pacing === 'spin' ? paceBySpinning : paceByMetronome;
  await pace(spec, startNs, (intendedNs, arm) => {
    const enqueueNs = monotonicNs();
    (arms[arm] as ArmRecorder).enqueue(enqueueNs, intendedNs); // first: what is written down can wait, the request cannot
    record(lag, enqueueNs - intendedNs);
    gaps.add(intendedNs, enqueueNs);
  });
  for (const arm of arms) arm.noteEndOfArrivals();
  const sentInTime = arms.reduce((sum, arm) => sum + arm.sentSoFar, 0);
  await drained(arms);

  const cpu = process.cpuUsage(cpuBefore);
  return {
    arms: arms.map((arm) => arm.finish()),
    startNs,
    endNs: monotonicNs(),
    intendedRequests: gaps.count,
    achievedRatePerSecond: gaps.rateOf(sentInTime),
    lag: encode(lag),
    gapSampleNs: gaps.sample,
    gapVariation: gaps.variation(),
    cpuNs: (cpu.user + cpu.system) * 1000,
    loopUtilisation: performance.eventLoopUtilization(loopBefore).utilization,
  };
}

function untilNs(wallMs: number | undefined): number {
  return wallMs === undefined ? 0 : (wallMs - (performance.timeOrigin + performance.now())) * 1e6;
}

async function drained(arms: readonly ArmRecorder[]): Promise<void> {
  const deadline = monotonicNs() + DRAIN_MS * 1e6;
  while (arms.some((arm) => arm.outstanding() > 0)) {
    if (monotonicNs() > deadline) {
      for (const arm of arms) arm.giveUp();
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
