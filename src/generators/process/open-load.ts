/**
 * One open-loop load. A request's clock starts when the pacer hands it over (enqueue), whether or not a connection is
 * free: waiting for a slow answer counts, so a stall is not hidden (coordinated omission), while the pacer's own
 * lateness (lag) does not (docs/decisions/002-clock-from-enqueue.md).
 */
import { performance } from 'node:perf_hooks';
import type { Histogram } from 'hdr-histogram-js';
import type { ArmLoad, GeneratorCommand, LoadResult } from '../../model/contracts/generator.ts';
import type { ArmClient } from './arm-client.ts';
import type { ArrivalSpec } from './arrivals.ts';
import { encode, newHistogram, record } from './histogram.ts';
import { monotonicNs } from './monotonic.ts';
import { leadNs, paceByMetronome, paceBySpinning } from './pacing.ts';

type OpenLoadCommand = Extract<GeneratorCommand, { op: 'open-load' }>;

/** How long answers may take after the last request was due. */
const DRAIN_MS = 5000;

export async function runOpenLoad(command: OpenLoadCommand, clients: ReadonlyMap<string, ArmClient>): Promise<LoadResult> {
  const arms = command.arms.map((name) => {
    const client = clients.get(name);
    if (!client) throw new Error(`${name} is not connected`);
    return new ArmRecorder(name, client);
  });
  const spec: ArrivalSpec = { ...command, requests: command.requests, arms: arms.length };
  const startNs = monotonicNs() + leadNs();
  const lag = newHistogram();
  const gaps = new GapMeter();
  const cpuBefore = process.cpuUsage();
  const loopBefore = performance.eventLoopUtilization();

  const pace = command.pacing === 'spin' ? paceBySpinning : paceByMetronome;
  await pace(spec, startNs, (intendedNs, arm) => {
    const enqueueNs = monotonicNs();
    (arms[arm] as ArmRecorder).enqueue(enqueueNs); // first: what is written down can wait, the request cannot
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
    gapVariation: gaps.variation(),
    cpuNs: (cpu.user + cpu.system) * 1000,
    loopUtilisation: performance.eventLoopUtilization(loopBefore).utilization,
  };
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

/** Queueing and recording of one arm. */
class ArmRecorder {
  readonly #name: string;
  readonly #client: ArmClient;
  readonly #openedBefore: number;
  readonly #response = newHistogram();
  readonly #responseError = newHistogram();
  readonly #wait = newHistogram();
  readonly #backlog: number[] = [];
  readonly #errorKinds: Record<string, number> = {};
  #sent = 0;
  #ok = 0;
  #errors = 0;
  #backlogMax = 0;
  #backlogAtEnd = 0;

  constructor(name: string, client: ArmClient) {
    this.#name = name;
    this.#client = client;
    this.#openedBefore = client.opened();
    client.onDone = (enqueueNs, doneNs, failure) => this.#done(enqueueNs, doneNs, failure);
    client.onFree = () => this.#drainBacklog();
  }

  enqueue(enqueueNs: number): void {
    if (this.#backlog.length === 0 && this.#client.trySend(enqueueNs)) {
      this.#sent++;
      record(this.#wait, monotonicNs() - enqueueNs);
      return;
    }
    this.#backlog.push(enqueueNs);
    this.#backlogMax = Math.max(this.#backlogMax, this.#backlog.length);
  }

  noteEndOfArrivals(): void {
    this.#backlogAtEnd = this.#backlog.length;
  }

  get sentSoFar(): number {
    return this.#sent;
  }

  outstanding(): number {
    return this.#backlog.length + this.#client.inFlight();
  }

  /** What was never answered is an error, not a silence. */
  giveUp(): void {
    for (const enqueueNs of this.#backlog.splice(0)) this.#done(enqueueNs, monotonicNs(), 'never sent');
    this.#client.abandon('no answer');
  }

  finish(): ArmLoad {
    this.#client.onDone = () => {};
    this.#client.onFree = () => {};
    return {
      arm: this.#name,
      sent: this.#sent,
      ok: this.#ok,
      errors: this.#errors,
      errorKinds: this.#errorKinds,
      response: encode(this.#response),
      responseError: encode(this.#responseError),
      wait: encode(this.#wait),
      connectionsOpened: this.#client.opened() - this.#openedBefore,
      backlogMax: this.#backlogMax,
      backlogAtEnd: this.#backlogAtEnd,
    };
  }

  #drainBacklog(): void {
    while (this.#backlog.length > 0 && this.#client.trySend(this.#backlog[0] as number)) {
      record(this.#wait, monotonicNs() - (this.#backlog.shift() as number));
      this.#sent++;
    }
  }

  #done(enqueueNs: number, doneNs: number, failure: string | undefined): void {
    const histogram: Histogram = failure === undefined ? this.#response : this.#responseError;
    record(histogram, doneNs - enqueueNs);
    if (failure === undefined) {
      this.#ok++;
      return;
    }
    this.#errors++;
    this.#errorKinds[failure] = (this.#errorKinds[failure] ?? 0) + 1;
  }
}

/** Rate and evenness of the arrivals as they really happened. */
class GapMeter {
  count = 0;
  #firstNs = 0;
  #lastNs = 0;
  #sum = 0;
  #sumOfSquares = 0;

  add(intendedNs: number, enqueueNs: number): void {
    if (this.count === 0) this.#firstNs = enqueueNs;
    else {
      const gap = (enqueueNs - this.#lastNs) / 1e3;
      this.#sum += gap;
      this.#sumOfSquares += gap * gap;
    }
    this.#lastNs = Math.max(enqueueNs, intendedNs);
    this.count++;
  }

  /** Of so many requests sent between the first and the last arrival. */
  rateOf(requests: number): number {
    return requests < 2 ? 0 : ((requests - 1) * 1e9) / (this.#lastNs - this.#firstNs);
  }

  variation(): number {
    const n = this.count - 1;
    if (n < 2) return 0;
    const mean = this.#sum / n;
    return Math.sqrt(Math.max(0, this.#sumOfSquares / n - mean * mean)) / mean;
  }
}
