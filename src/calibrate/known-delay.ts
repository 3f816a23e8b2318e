/** Does a generator tell the truth? Its percentiles against the record of a server that knows how long it held each request. */
import type { Bench, GeneratorSession, HostInstruments } from '../model/contracts/cluster.ts';
import type { PushUndo } from '../model/contracts/deployment.ts';
import type { LoadResult } from '../model/contracts/generator.ts';
import { maskWindows } from '../model/stall-mask.ts';
import { decode } from '../model/histogram.ts';
import { exponentialAndersonDarling } from '../analysis/statistics/anderson-darling.ts';

export interface Subject {
  /** How results call it. */
  readonly name: string;
  readonly protocol: 'http' | 'grpc';
  readonly engine: string;
  readonly pacing: 'sleep' | 'spin';
  readonly connections: number;
}

export interface CalibrationSite {
  readonly bench: Bench;
  readonly host: HostInstruments;
  startGenerator(undo: PushUndo): Promise<GeneratorSession>;
  /** Whatever `use` starts is stopped when it ends: a truth server polls, and two of them on one CPU tell no truth. */
  readonly scoped: <T>(use: (undo: PushUndo) => Promise<T>) => Promise<T>;
}

export interface Effort {
  readonly windowNs: number;
  readonly warmupNs: number;
}

export interface Window {
  readonly result: LoadResult;
  readonly truth: readonly number[];
  readonly cpuMsPer1000: number;
  /** Percentiles of the answers, ns; masked: without those that became due around a stall of the host. */
  readonly got: (share: number) => number;
  readonly gotMasked: (share: number) => number;
}

export const RATE_PER_SECOND = 1000;
const RESPONSE_BYTES = 1024;

/** One generator, one server, one window; each in processes of its own. */
export function knownWindow(
  site: CalibrationSite,
  subject: Subject,
  server: readonly string[],
  arrivals: 'poisson' | 'uniform',
  effort: Effort,
): Promise<Window> {
  return site.scoped((undo) => measureWindow(site, subject, server, arrivals, effort, undo));
}

async function measureWindow(
  site: CalibrationSite,
  subject: Subject,
  server: readonly string[],
  arrivals: 'poisson' | 'uniform',
  effort: Effort,
  undo: PushUndo,
): Promise<Window> {
  const { bench, host } = site;
  const truthServer = await bench.startTruthServer([subject.protocol, ...server], undo);
  const generator = await site.startGenerator(undo);
  await bench.keepApart(generator);
  const { engine, connections, pacing } = subject;
  await generator.connect({ arm: 'a', engine, dial: truthServer.dial, connections, requestBytes: 0, responseBytes: RESPONSE_BYTES });
  const load = (seed: string, ratePerSecond: number, durationNs: number) =>
    generator.load({ op: 'open-load', arms: ['a'], seed, arrivals, pacing, ratePerSecond, durationNs });
  await load('warm-up', 4 * RATE_PER_SECOND, effort.warmupNs);
  await truthServer.takeRecord();
  await host.stallMeter?.take();
  const cpuBefore = await bench.cpuNs(generator.component);
  const result = await load('measure', RATE_PER_SECOND, effort.windowNs);
  const cpuNs = (await bench.cpuNs(generator.component)) - cpuBefore;
  const stalls = (await host.stallMeter?.take()) ?? [];
  const [masked] = await generator.mask(maskWindows(stalls));
  const truth = await truthServer.takeRecord();
  await generator.disconnect('a');
  const [all, kept] = [decode(result.arms[0]?.response), decode(masked?.response)];
  return {
    result,
    truth,
    cpuMsPer1000: cpuNs / 1e6 / ((result.arms[0]?.sent ?? 0) / 1000),
    got: (share) => all?.getValueAtPercentile(share * 100) ?? Number.NaN,
    gotMasked: (share) => kept?.getValueAtPercentile(share * 100) ?? Number.NaN,
  };
}

const QUANTILES = { p50: 0.5, p90: 0.9, p99: 0.99 } as const;

/** Signed fractions. */
export function quantileErrors(window: Window, got: (share: number) => number): { p50: number; p90: number; p99: number } {
  const truth = (share: number) => window.truth[Math.ceil(window.truth.length * share) - 1] ?? Number.NaN;
  const error = (share: number) => got(share) / truth(share) - 1;
  return { p50: error(QUANTILES.p50), p90: error(QUANTILES.p90), p99: error(QUANTILES.p99) };
}

/** Every 2 s the server stands still for 300 ms: who falls into it waits for the rest of it, uniformly from 0 to 300 ms. */
export const STALL = { everyNs: 2e9, stallNs: 300e6 };

export function stallErrors(window: Window): { p90Error: number; p99Error: number; dropped: number } {
  const caught = STALL.stallNs / STALL.everyNs;
  const truth = (share: number) => STALL.stallNs * (1 - (1 - share) / caught);
  const { intendedRequests, arms } = window.result;
  return {
    p90Error: window.got(0.9) / truth(0.9) - 1,
    p99Error: window.got(0.99) / truth(0.99) - 1,
    dropped: intendedRequests - (arms[0]?.ok ?? 0),
  };
}

export function pacingFigures(poisson: Window, uniform: Window | undefined) {
  const lag = decode(poisson.result.lag);
  return {
    uniformCv: uniform?.result.gapVariation ?? 0,
    poissonCv: poisson.result.gapVariation,
    lagP99Ns: lag?.getValueAtPercentile(99) ?? 0,
    exponentialA2: exponentialAndersonDarling(poisson.result.gapSampleNs),
  };
}
