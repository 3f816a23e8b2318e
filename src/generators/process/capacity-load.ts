/** autocannon as a closed loop: no rate, no correction; our own histogram from its per-response times. */
import { performance } from 'node:perf_hooks';
import autocannon from 'autocannon';
import { reasonOf } from '../../model/errors.ts';
import type { ArmTarget, LoadResult } from '../../model/contracts/generator.ts';
import { encode, newHistogram, record } from '../../model/histogram.ts';
import { monotonicNs } from './monotonic.ts';

export async function runCapacityLoad(target: ArmTarget, durationNs: number): Promise<LoadResult> {
  const response = newHistogram();
  const responseError = newHistogram();
  const errorKinds: Record<string, number> = {};
  const fail = (kind: string) => {
    errorKinds[kind] = (errorKinds[kind] ?? 0) + 1;
  };
  const cpuBefore = process.cpuUsage();
  const loopBefore = performance.eventLoopUtilization();
  const startNs = monotonicNs();
  let ok = 0;

  await new Promise<void>((resolve, reject) => {
    const body = target.requestBytes > 0 ? { method: 'POST' as const, body: 'x'.repeat(target.requestBytes) } : {};
    const instance = autocannon(
      { url: `http://${target.dial.host}:${target.dial.port}/echo`, connections: target.connections, duration: durationNs / 1e9, ...body },
      (error: unknown) => (error ? reject(new Error(reasonOf(error))) : resolve()),
    );
    instance.on('response', (_client, status, _bytes, milliseconds) => {
      if (status === 200) ok++;
      else fail(`status ${status}`);
      record(status === 200 ? response : responseError, milliseconds * 1e6);
    });
    instance.on('reqError', (error: Error) => fail((error as NodeJS.ErrnoException).code ?? error.message));
  });

  const endNs = monotonicNs();
  const cpu = process.cpuUsage(cpuBefore);
  const errors = Object.values(errorKinds).reduce((sum, count) => sum + count, 0);
  return {
    arms: [
      {
        arm: target.arm,
        sent: ok + errors,
        ok,
        errors,
        errorKinds,
        response: encode(response),
        responseError: encode(responseError),
        wait: encode(newHistogram()),
        connectionsOpened: target.connections,
        backlogMax: 0,
        backlogAtEnd: 0,
      },
    ],
    startNs,
    endNs,
    intendedRequests: ok + errors,
    achievedRatePerSecond: ((ok + errors) * 1e9) / (endNs - startNs),
    lag: encode(newHistogram()),
    gapSampleNs: [],
    gapVariation: 0,
    cpuNs: (cpu.user + cpu.system) * 1000,
    loopUtilisation: performance.eventLoopUtilization(loopBefore).utilization,
  };
}
