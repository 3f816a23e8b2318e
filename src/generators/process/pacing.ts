/** Two ways to hand each request over at its time. What both reach is in every trial: the lag histogram. */
import { Worker } from 'node:worker_threads';
import { arrivalTimes, type ArrivalSpec } from './arrivals.ts';
import { monotonicNs } from './monotonic.ts';

type Arrive = (intendedNs: number, arm: number) => void;

/** The command must have reached the metronome before the first arrival; its first start takes longer. */
const LEAD_NS = 10e6;
const FIRST_LEAD_NS = 150e6;

export function leadNs(): number {
  return metronome ? LEAD_NS : FIRST_LEAD_NS;
}

interface Pacing {
  readonly arrive: Arrive;
  resolve(): void;
  reject(error: Error): void;
}

let metronome: Worker | undefined;
let pacing: Pacing | undefined;

/** Arrivals that were posted and are not yet due: time and arm in turn. */
const due: number[] = [];
let ended = false;
let polling = false;

/** Hands over what is due; for the rest, some tens of microseconds away, it looks again after each pass of the event loop. */
function poll(): void {
  let taken = 0;
  while (taken < due.length && (due[taken] as number) <= monotonicNs()) {
    pacing?.arrive(due[taken] as number, due[taken + 1] as number);
    taken += 2;
  }
  due.splice(0, taken);
  polling = due.length > 0;
  if (polling) setImmediate(poll);
  else if (ended) {
    ended = false;
    pacing?.resolve();
  }
}

/** In a pod everything is one script, which finds out by itself that it is the worker. */
const METRONOME = import.meta.url.endsWith('/pacing.ts') ? new URL('./metronome.ts', import.meta.url) : new URL(import.meta.url);

/** One worker for the life of the process: starting one costs as much CPU as hundreds of requests. */
function startMetronome(): Worker {
  const worker = new Worker(METRONOME);
  worker.on('message', (message: number[] | 'end') => {
    if (message === 'end') ended = true;
    else due.push(...message);
    if (!polling) poll();
  });
  worker.on('error', (error) => {
    metronome = undefined;
    pacing?.reject(error);
  });
  return worker;
}

/** A thread sleeps until each request is due. Costs little CPU; the I/O thread sleeps too and takes its time to wake. */
export function paceByMetronome(spec: ArrivalSpec, startNs: number, arrive: Arrive): Promise<void> {
  metronome ??= startMetronome();
  const worker = metronome;
  return new Promise((resolve, reject) => {
    pacing = { arrive, resolve, reject };
    worker.postMessage({ spec, startNs });
  });
}

/** Polls the clock and the sockets without pause: nothing has to wake up, at the price of a whole CPU. */
export function paceBySpinning(spec: ArrivalSpec, startNs: number, arrive: Arrive): Promise<void> {
  const arrivals = arrivalTimes(spec);
  let next = arrivals.next();
  return new Promise((resolve) => {
    const poll = () => {
      while (!next.done && startNs + next.value.offsetNs <= monotonicNs()) {
        arrive(startNs + next.value.offsetNs, next.value.arm);
        next = arrivals.next();
      }
      if (next.done) resolve();
      else setImmediate(poll);
    };
    poll();
  });
}
