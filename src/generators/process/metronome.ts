/**
 * The metronome: a worker thread that sleeps until each arrival is due and posts it to the I/O thread, so that pacing
 * does not depend on what the event loop is doing. `Atomics.wait` sleeps with sub-millisecond precision; the thread's
 * timer slack (50 us by default on Linux) is lowered to 1 us first.
 */
import { readlinkSync, writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { arrivalTimes, type ArrivalSpec } from './arrivals.ts';
import { monotonicNs } from './monotonic.ts';

/** Arrivals due within this time of each other travel in one message; keeps 50 k/s at 10 k messages. */
const BATCH_NS = 100_000;
/** So much before an arrival is due it is posted: the I/O thread takes about as long to wake up, and polls for the rest. */
const EARLY_NS = 50_000;
/** Below this a sleep overshoots: post at once. */
const SHORTEST_SLEEP_NS = 20_000;

const never = new Int32Array(new SharedArrayBuffer(4));
lowerTimerSlack();
parentPort?.on('message', ({ spec, startNs }: { spec: ArrivalSpec; startNs: number }) => beat(spec, startNs));

function beat(spec: ArrivalSpec, startNs: number): void {
  let batch: number[] = [];
  const post = () => {
    if (batch.length > 0) parentPort?.postMessage(batch);
    batch = [];
  };
  for (const arrival of arrivalTimes(spec)) {
    const due = startNs + arrival.offsetNs;
    const first = batch[0];
    if (first !== undefined && (due - first > BATCH_NS || due > monotonicNs() + EARLY_NS + SHORTEST_SLEEP_NS)) post();
    const wait = due - EARLY_NS - monotonicNs();
    if (wait > SHORTEST_SLEEP_NS) Atomics.wait(never, 0, 0, wait / 1e6);
    batch.push(due, arrival.arm);
  }
  post();
  parentPort?.postMessage('end');
}

function lowerTimerSlack(): void {
  try {
    const threadId = readlinkSync('/proc/thread-self').split('/').at(-1);
    writeFileSync(`/proc/${threadId}/timerslack_ns`, '1000');
  } catch {
    // Not Linux, or not allowed: pacing is then up to 50 us later, which the lag histogram shows.
  }
}
