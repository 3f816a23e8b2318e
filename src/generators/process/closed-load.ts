/** A closed loop with our own engines: each answer is followed by the next request. Capacity and self-cost, never latency. */
import { performance } from 'node:perf_hooks';
import type { GeneratorCommand, LoadResult } from '../../model/contracts/generator.ts';
import type { ArmClient } from './arm-client.ts';
import { encode, newHistogram, record } from '../../model/histogram.ts';
import { monotonicNs } from './monotonic.ts';

const DRAIN_MS = 2000;

export async function runClosedLoad(command: Extract<GeneratorCommand, { op: 'closed-load' }>, client: ArmClient): Promise<LoadResult> {
  const openedBefore = client.opened();
  const response = newHistogram();
  const responseError = newHistogram();
  const errorKinds: Record<string, number> = {};
  let [sent, ok, errors] = [0, 0, 0];
  const cpuBefore = process.cpuUsage();
  const loopBefore = performance.eventLoopUtilization();
  const startNs = monotonicNs();
  const stopNs = startNs + command.durationNs;
  const wanted = command.inFlight ?? Number.POSITIVE_INFINITY;

  const refill = () => {
    while (client.inFlight() < wanted && monotonicNs() < stopNs && client.trySend(monotonicNs())) sent++;
  };
  client.onDone = (enqueueNs, doneNs, failure) => {
    record(failure === undefined ? response : responseError, doneNs - enqueueNs);
    if (failure === undefined) ok++;
    else {
      errors++;
      errorKinds[failure] = (errorKinds[failure] ?? 0) + 1;
    }
  };
  client.onFree = refill;
  refill();
  await new Promise((resolve) => setTimeout(resolve, command.durationNs / 1e6));
  const endNs = monotonicNs();
  const done = ok + errors;
  const cpu = process.cpuUsage(cpuBefore);
  const loopUtilisation = performance.eventLoopUtilization(loopBefore).utilization;
  for (const giveUpMs = performance.now() + DRAIN_MS; client.inFlight() > 0 && performance.now() < giveUpMs;)
    await new Promise((resolve) => setTimeout(resolve, 2));
  client.abandon('no answer');
  client.onDone = () => {};
  client.onFree = () => {};

  const none = { count: 0, hdr: '' };
  return {
    arms: [
      {
        arm: command.arm,
        sent,
        ok,
        errors,
        errorKinds,
        response: encode(response),
        responseError: encode(responseError),
        wait: none,
        connectionsOpened: client.opened() - openedBefore,
        backlogMax: 0,
        backlogAtEnd: 0,
      },
    ],
    startNs,
    endNs,
    intendedRequests: sent,
    achievedRatePerSecond: (done * 1e9) / (endNs - startNs),
    lag: none,
    gapSampleNs: [],
    gapVariation: 0,
    cpuNs: (cpu.user + cpu.system) * 1000,
    loopUtilisation,
  };
}
