/**
 * Does http-open tell the truth? A server holds each request for a known time and writes down how long it really did;
 * the generator's percentiles are compared with that record (lognormal), or with what a stall must give by arithmetic.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { decode } from '../src/analysis/histogram.ts';
import { startGenerator } from './generator-process.ts';

const RATE_PER_SECOND = 1000;
const DURATION_NS = 12e9;
const CONNECTIONS = 64;

const binary = `${mkdtempSync(`${tmpdir()}/meshtax-bench-`)}/truth-server`;
execFileSync('clang', ['-O2', '-o', binary, fileURLToPath(new URL('./truth-server.c', import.meta.url)), '-lm']);

/** Share of requests that a stall catches, and how long the worst hundredth of all waits: uniform from 0 to the stall. */
const STALL = { everyNs: 2e9, stallNs: 300e6 };
const caught = STALL.stallNs / STALL.everyNs;
const stallTruth = (share: number) => STALL.stallNs * (1 - (1 - share) / caught);

async function measure(pacing: 'sleep' | 'spin', arrivals: 'poisson' | 'uniform', kind: string, first: number, second: number) {
  const server = spawn('taskset', ['-c', '1', binary, kind, String(first), String(second)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: Interface = createInterface({ input: server.stdout });
  const iterator = lines[Symbol.asyncIterator]();
  const port = Number((await iterator.next()).value);
  const generator = await startGenerator(0);
  const takeRecord = async () => {
    server.stdin.write('record\n');
    const record: number[] = [];
    for (let line = await iterator.next(); !line.done && line.value !== ''; line = await iterator.next()) record.push(Number(line.value));
    return record;
  };
  const load = (seed: string, ratePerSecond: number, durationNs: number) =>
    generator.load({ arms: ['a'], seed, arrivals, pacing, ratePerSecond, durationNs });
  await generator.connect({
    arm: 'a',
    engine: 'http1',
    dial: { enter: [], host: '127.0.0.1', port },
    connections: CONNECTIONS,
    requestBytes: 0,
    responseBytes: 1024,
  });
  await load('warm-up', 3000, 4e9);
  await takeRecord();
  const result = await load('measure', RATE_PER_SECOND, DURATION_NS);
  const record = await takeRecord();
  generator.stop();
  server.stdin.end();
  const arm = result.arms[0];
  const histogram = arm && decode(arm.response);
  if (!arm || !histogram) throw new Error('nothing was recorded');
  return {
    sent: arm.sent,
    errors: arm.errors,
    lagP99Us: (decode(result.lag)?.getValueAtPercentile(99) ?? 0) / 1e3,
    cpuMsPer1000: result.cpuNs / 1e6 / (arm.sent / 1000),
    got: (share: number) => histogram.getValueAtPercentile(share * 100),
    truth: (share: number) => record[Math.ceil(record.length * share) - 1] ?? Number.NaN,
  };
}

const percent = (got: number, truth: number) =>
  `${(got / 1e6).toFixed(3)} ms, truth ${(truth / 1e6).toFixed(3)} ms, error ${((got / truth - 1) * 100).toFixed(2)} %`;

console.log(
  `http-open at ${RATE_PER_SECOND}/s, ${DURATION_NS / 1e9} s, ${CONNECTIONS} connections, loopback, generator and server on a CPU each`,
);
for (const pacing of ['sleep', 'spin'] as const) {
  for (let round = 1; round <= 3; round++) {
    const known = await measure(pacing, 'poisson', 'lognormal', 2e6, 0.6);
    console.log(
      `${pacing}, lognormal 2 ms 0.6, round ${round}: ${known.sent} sent, ${known.errors} errors, lag p99 ${known.lagP99Us.toFixed(0)} us, CPU ${known.cpuMsPer1000.toFixed(0)} ms per 1000`,
    );
    for (const share of [0.5, 0.9, 0.99]) console.log(`  p${share * 100}: ${percent(known.got(share), known.truth(share))}`);
  }
  // Evenly spaced: then the share that a stall catches is exact, and its percentiles are arithmetic.
  const stalled = await measure(pacing, 'uniform', 'stall', STALL.everyNs, STALL.stallNs);
  console.log(`${pacing}, stall of 300 ms every 2 s: ${stalled.sent} sent, ${stalled.errors} errors`);
  for (const share of [0.9, 0.99]) console.log(`  p${share * 100}: ${percent(stalled.got(share), stallTruth(share))}`);
}
